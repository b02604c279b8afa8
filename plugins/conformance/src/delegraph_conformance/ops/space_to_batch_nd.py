"""SPACE_TO_BATCH_ND: models for conformance cases."""

from ..families.movement import BATCHES_IN, space_to_batch_nd
from ..recipe import ENDS, EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "SPACE_TO_BATCH_ND",
    varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES),
    space_to_batch_nd,
    BATCHES_IN | ENDS,
)
