"""MINIMUM: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, binary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("MINIMUM", NUMBERS, binary, BROADCASTS | CONSTANT | ENDS)
