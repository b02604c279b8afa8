"""SOFTMAX: models for conformance cases."""

from ..families.elementwise import ROWS, softmax
from ..recipe import ENDS, NUMBERS, Recipe

VARIANTS = ROWS | {"a beta of two": {"beta": 2.0}} | ENDS
RECIPE = Recipe("SOFTMAX", [*NUMBERS, "int8>int16"], softmax, VARIANTS, also=["uint8>int16"])
