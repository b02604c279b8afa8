"""ABS: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("ABS", NUMBERS, unary, SHAPES | ENDS)
