"""RELU_N1_TO_1: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("RELU_N1_TO_1", NUMBERS, unary, SHAPES | ENDS)
