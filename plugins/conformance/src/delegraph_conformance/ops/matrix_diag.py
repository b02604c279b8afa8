"""MATRIX_DIAG: models for conformance cases."""

from ..families.movement import matrix_diag
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("MATRIX_DIAG", EVERY_TYPE, matrix_diag)
