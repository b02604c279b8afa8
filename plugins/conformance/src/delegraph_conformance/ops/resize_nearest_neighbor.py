"""RESIZE_NEAREST_NEIGHBOR: models for conformance cases."""

from ..families.movement import SIZES, resize
from ..recipe import INDICES, NUMBERS, Recipe, varied

RECIPE = Recipe("RESIZE_NEAREST_NEIGHBOR", varied("float32:int32", NUMBERS, INDICES), resize, SIZES)
