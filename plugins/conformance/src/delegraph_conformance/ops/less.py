"""LESS: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, comparison
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("LESS", NUMBERS, comparison, BROADCASTS | CONSTANT | ENDS)
