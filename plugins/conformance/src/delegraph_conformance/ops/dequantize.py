"""DEQUANTIZE: models for conformance cases."""

from ..families.elementwise import SHAPES, dequantize
from ..recipe import ENDS, EVERY_TYPE, Recipe

TYPES = [*EVERY_TYPE, "int8 per channel"]
RECIPE = Recipe("DEQUANTIZE", TYPES, dequantize, SHAPES | ENDS, also=["int4 per channel"])
