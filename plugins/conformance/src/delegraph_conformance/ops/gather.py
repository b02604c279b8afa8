"""GATHER: models for conformance cases."""

from ..families.movement import GATHERS, gather
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe("GATHER", varied("float32:int32", EVERY_TYPE, EVERY_TYPE), gather, GATHERS)
