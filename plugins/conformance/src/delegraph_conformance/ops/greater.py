"""GREATER: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, comparison
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("GREATER", NUMBERS, comparison, BROADCASTS | CONSTANT | ENDS)
