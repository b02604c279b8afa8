"""ATAN2: models for conformance cases."""

from ..families.elementwise import BROADCASTS, CONSTANT, binary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("ATAN2", NUMBERS, binary, BROADCASTS | CONSTANT | ENDS)
