"""SIGN: models for conformance cases."""

from ..families.elementwise import SHAPES, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("SIGN", NUMBERS, unary, SHAPES | ENDS)
