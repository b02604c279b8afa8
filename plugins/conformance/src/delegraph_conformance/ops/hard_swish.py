"""HARD_SWISH: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("HARD_SWISH", NUMBERS, unary, SHAPES | ENDS)
