"""LOG: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("LOG", NUMBERS, unary, SHAPES | ENDS)
