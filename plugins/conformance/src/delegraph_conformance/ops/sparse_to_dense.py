"""SPARSE_TO_DENSE: models for conformance cases."""

from ..families.movement import sparse_to_dense
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "SPARSE_TO_DENSE", varied("int32:int32:float32", INDICES, INDICES, EVERY_TYPE), sparse_to_dense
)
