"""STABLEHLO_TRANSPOSE: models for conformance cases."""

from ..families.unregistered import MATRIX_ORDER, transpose
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_TRANSPOSE", EVERY_TYPE, transpose, MATRIX_ORDER)
