"""DEQUANTIZE: models for conformance cases."""

from ..draft import IN_BLOCKS
from ..families.elementwise import SHAPES, dequantize
from ..recipe import ENDS, EVERY_TYPE, Recipe

BLOCKS = [t + IN_BLOCKS for t in ("int8", "int4", "int2")]
TYPES = [*EVERY_TYPE, "int8 per channel"]
RECIPE = Recipe("DEQUANTIZE", TYPES, dequantize, SHAPES | ENDS, also=["int4 per channel", *BLOCKS])
