"""SPLIT_V: models for conformance cases."""

from ..families.movement import PARTS, split_v
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("SPLIT_V", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES), split_v, PARTS)
