"""L2_NORMALIZATION: models for conformance cases."""

from ..families.elementwise import ROWS, unary
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("L2_NORMALIZATION", NUMBERS, unary, ROWS | ENDS)
