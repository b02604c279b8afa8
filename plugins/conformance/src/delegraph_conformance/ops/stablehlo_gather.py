"""STABLEHLO_GATHER: models for conformance cases."""

from ..families.stablehlo import gather
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("STABLEHLO_GATHER", varied("float32:int32", EVERY_TYPE, INDICES), gather)
