"""STABLEHLO_PAD: models for conformance cases."""

from ..families.stablehlo import pad
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_PAD", EVERY_TYPE, pad)
