"""BATCH_TO_SPACE_ND: models for conformance cases."""

from ..families.movement import BATCHES_OUT, batch_to_space_nd
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "BATCH_TO_SPACE_ND",
    varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES),
    batch_to_space_nd,
    BATCHES_OUT,
)
