"""REVERSE_V2: models for conformance cases."""

from ..families.movement import REVERSALS, reverse_v2
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("REVERSE_V2", varied("float32:int32", EVERY_TYPE, INDICES), reverse_v2, REVERSALS)
