"""DEQUANTIZE: models for conformance cases."""

from ..families.elementwise import SHAPES, dequantize
from ..recipe import ENDS, EVERY_TYPE, Recipe

RECIPE = Recipe(
    "DEQUANTIZE", [*EVERY_TYPE, "int8 per channel", "int4 per channel"], dequantize, SHAPES | ENDS
)
