"""STABLEHLO_SCATTER: models for conformance cases."""

from ..families.stablehlo import scatter
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("STABLEHLO_SCATTER", varied("float32:int32", EVERY_TYPE, INDICES), scatter)
