"""STABLEHLO_SHIFT_LEFT: models for conformance cases."""

from ..families.elementwise import BROADCASTS, shift
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_SHIFT_LEFT", EVERY_TYPE, shift, BROADCASTS)
