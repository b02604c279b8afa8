"""FILL: models for conformance cases."""

from ..families.movement import FILLS, fill
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("FILL", varied("int32:float32", INDICES, EVERY_TYPE), fill, FILLS)
