"""GATHER_ND: models for conformance cases."""

from ..families.movement import ND_GATHERS, gather_nd
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("GATHER_ND", varied("float32:int32", EVERY_TYPE, INDICES), gather_nd, ND_GATHERS)
