"""PADV2: models for conformance cases."""

from ..families.movement import PADDINGS, padv2
from ..recipe import ENDS, EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("PADV2", varied("float32:int32", EVERY_TYPE, INDICES), padv2, PADDINGS | ENDS)
