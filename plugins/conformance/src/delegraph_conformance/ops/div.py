"""DIV: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CLAMPS, CONSTANT, binary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe(
    "DIV", NUMBERS, binary, BROADCASTS | CONSTANT | CLAMPS | ENDS, in_every_version=("a constant",)
)
