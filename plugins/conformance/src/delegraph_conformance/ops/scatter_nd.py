"""SCATTER_ND: models for conformance cases."""

from ..families.movement import scatter_nd
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("SCATTER_ND", varied("int32:float32:int32", INDICES, EVERY_TYPE, INDICES), scatter_nd)
