"""ZEROS_LIKE: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("ZEROS_LIKE", NUMBERS, unary, SHAPES | ENDS)
