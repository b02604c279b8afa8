"""CUMSUM: models for conformance cases."""

from ..families.reductions import SUMS, cumsum
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("CUMSUM", varied("float32:int32", EVERY_TYPE, INDICES), cumsum, SUMS)
