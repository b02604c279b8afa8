"""RELU_0_TO_1: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("RELU_0_TO_1", NUMBERS, unary, SHAPES | ENDS)
