"""GREATER_EQUAL: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, comparison
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("GREATER_EQUAL", NUMBERS, comparison, BROADCASTS | CONSTANT | ENDS)
