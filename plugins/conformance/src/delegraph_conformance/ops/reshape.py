"""RESHAPE: models for conformance cases."""

from ..families.movement import RESHAPES, reshape
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "RESHAPE",
    varied("float32:int32", EVERY_TYPE, INDICES),
    reshape,
    RESHAPES,
    in_every_version=("by its option",),
)
