"""FLOOR_MOD: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, binary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe(
    "FLOOR_MOD", NUMBERS, binary, BROADCASTS | CONSTANT | ENDS, in_every_version=("a constant",)
)
