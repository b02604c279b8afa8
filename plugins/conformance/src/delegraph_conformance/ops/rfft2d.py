"""RFFT2D: models for conformance cases."""

from ..families.reductions import rfft2d
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("RFFT2D", varied("float32:int32", EVERY_TYPE, INDICES), rfft2d)
