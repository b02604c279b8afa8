"""STABLEHLO_MULTIPLY: models for conformance cases."""

from ..families.elementwise import BROADCASTS, plain_binary
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_MULTIPLY", EVERY_TYPE, plain_binary, BROADCASTS)
