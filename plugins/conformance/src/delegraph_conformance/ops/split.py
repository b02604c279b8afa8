"""SPLIT: models for conformance cases."""

from ..families.movement import SPLITS, split
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("SPLIT", varied("float32:int32", EVERY_TYPE, INDICES), split, SPLITS)
