"""SOFTMAX: models for conformance cases."""

from ..families.elementwise import ROWS, softmax
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe(
    "SOFTMAX", [*NUMBERS, "int8>int16"], softmax, ROWS | {"a beta of two": {"beta": 2.0}} | ENDS
)
