"""SQUARED_DIFFERENCE: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, binary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("SQUARED_DIFFERENCE", NUMBERS, binary, BROADCASTS | CONSTANT | ENDS)
