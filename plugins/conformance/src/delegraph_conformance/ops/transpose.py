"""TRANSPOSE: models for conformance cases."""

from ..families.movement import TRANSPOSES, transpose
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("TRANSPOSE", varied("float32:int32", EVERY_TYPE, INDICES), transpose, TRANSPOSES)
