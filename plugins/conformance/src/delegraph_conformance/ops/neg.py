"""NEG: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("NEG", NUMBERS, unary, SHAPES | ENDS)
