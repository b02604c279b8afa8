"""SLICE: models for conformance cases."""

from ..families.movement import SLICES, slice_
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("SLICE", varied("float32:int32", EVERY_TYPE, INDICES), slice_, SLICES)
