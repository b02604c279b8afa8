"""TOPK_V2: models for conformance cases."""

from ..families.movement import TOPS, topk_v2
from ..recipe import INDICES, NUMBERS, Recipe, varied

RECIPE = Recipe("TOPK_V2", varied("float32:int32:int32", NUMBERS, INDICES, INDICES), topk_v2, TOPS)
