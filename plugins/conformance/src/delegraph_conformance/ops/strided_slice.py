"""STRIDED_SLICE: models for conformance cases."""

from ..families.movement import STRIDES, strided_slice
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

TYPES = varied("float32:int32", EVERY_TYPE, INDICES)
RECIPE = Recipe("STRIDED_SLICE", TYPES, strided_slice, STRIDES, in_every_version=("strides of one",))
