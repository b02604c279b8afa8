"""GELU: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("GELU", NUMBERS, unary, SHAPES | ENDS)
