"""SIN: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("SIN", NUMBERS, unary, SHAPES | ENDS)
