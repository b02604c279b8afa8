"""SEGMENT_SUM: models for conformance cases."""

from ..families.reductions import KNOWN, segment_sum
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("SEGMENT_SUM", varied("float32:int32", EVERY_TYPE, INDICES), segment_sum, KNOWN)
