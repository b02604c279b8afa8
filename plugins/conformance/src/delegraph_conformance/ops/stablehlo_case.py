"""STABLEHLO_CASE: models for conformance cases."""

from ..families.control import case
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe("STABLEHLO_CASE", varied("int32:float32", EVERY_TYPE, EVERY_TYPE), case)
