"""STABLEHLO_SCATTER: models for conformance cases."""

from ..families.stablehlo import scatter
from ..recipe import EVERY_TYPE, INDICES, Recipe, Variants, varied

TYPES = varied("float32:int32", EVERY_TYPE, INDICES)
VARIANTS: Variants = {"takes the update": {"adds": False}}
RECIPE = Recipe("STABLEHLO_SCATTER", TYPES, scatter, VARIANTS, in_every_version=tuple(VARIANTS))
