"""RESIZE_BILINEAR: models for conformance cases."""

from ..families.movement import SIZES, resize
from ..recipe import ENDS, INDICES, NUMBERS, Recipe, varied

RECIPE = Recipe("RESIZE_BILINEAR", varied("float32:int32", NUMBERS, INDICES), resize, SIZES | ENDS)
