"""LOGICAL_NOT: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("LOGICAL_NOT", NUMBERS, unary, SHAPES | ENDS)
