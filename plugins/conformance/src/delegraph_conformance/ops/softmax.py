"""SOFTMAX: models for conformance cases."""

from ..families.elementwise import ROWS, softmax
from ..recipe import ENDS, NUMBERS, Recipe

VARIANTS = ROWS | {"a beta of two": {"beta": 2.0}, "one row": {"shape": (1, 1, 5)}} | ENDS
TYPES = [*NUMBERS, "int8>int16"]
RECIPE = Recipe("SOFTMAX", TYPES, softmax, VARIANTS, also=["uint8>int16"], in_every_version=("one row",))
