"""DILATE: models for conformance cases."""

from ..families.movement import dilate
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("DILATE", varied("float32:int32", EVERY_TYPE, INDICES), dilate)
