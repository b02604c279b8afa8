"""DYNAMIC_UPDATE_SLICE: models for conformance cases."""

from ..families.movement import UPDATES, dynamic_update_slice
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "DYNAMIC_UPDATE_SLICE", varied("float32:int32", EVERY_TYPE, INDICES), dynamic_update_slice, UPDATES
)
