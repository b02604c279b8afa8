"""SOFTMAX: models for conformance cases."""

from ..families.elementwise import ROWS, softmax
from ..recipe import ENDS, NUMBERS, Recipe

TYPES = [*NUMBERS, "int8>int16", "uint8>int16"]
RECIPE = Recipe("SOFTMAX", TYPES, softmax, ROWS | {"a beta of two": {"beta": 2.0}} | ENDS)
