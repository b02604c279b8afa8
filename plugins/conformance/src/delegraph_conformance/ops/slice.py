"""SLICE: models for conformance cases."""

from ..families.movement import SLICES, slice_
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

TYPES = varied("float32:int32", EVERY_TYPE, INDICES)
RECIPE = Recipe("SLICE", TYPES, slice_, SLICES, also=[f"{t}:int64" for t in EVERY_TYPE])
