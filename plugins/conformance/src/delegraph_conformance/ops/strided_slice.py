"""STRIDED_SLICE: models for conformance cases."""

from ..families.movement import STRIDES, strided_slice
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("STRIDED_SLICE", varied("float32:int32", EVERY_TYPE, INDICES), strided_slice, STRIDES)
