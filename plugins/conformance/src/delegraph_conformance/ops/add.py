"""ADD: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CLAMPS, CONSTANT, binary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("ADD", NUMBERS, binary, BROADCASTS | CONSTANT | CLAMPS | ENDS)
