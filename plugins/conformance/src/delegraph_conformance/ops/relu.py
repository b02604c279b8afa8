"""RELU: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("RELU", NUMBERS, unary, SHAPES | ENDS)
