"""EXPAND_DIMS: models for conformance cases."""

from ..families.movement import EXPANSIONS, expand_dims
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "EXPAND_DIMS",
    varied("float32:int32", EVERY_TYPE, INDICES),
    expand_dims,
    EXPANSIONS,
    also=["int8:int64"],
)
