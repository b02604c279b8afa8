"""UNSORTED_SEGMENT_SUM: models for conformance cases."""

from ..families.reductions import unsorted_segment
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "UNSORTED_SEGMENT_SUM", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES), unsorted_segment
)
