"""RELU6: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("RELU6", NUMBERS, unary, SHAPES | ENDS)
