"""MATRIX_SET_DIAG: models for conformance cases."""

from ..families.movement import matrix_set_diag
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("MATRIX_SET_DIAG", EVERY_TYPE, matrix_set_diag)
