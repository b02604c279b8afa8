"""MULTINOMIAL: models for conformance cases."""

from ..families.reductions import multinomial
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("MULTINOMIAL", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES), multinomial)
