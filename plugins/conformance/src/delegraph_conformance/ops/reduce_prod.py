"""REDUCE_PROD: models for conformance cases."""

from ..families.reductions import AXES, reduction
from ..recipe import ENDS, INDICES, NUMBERS, Recipe, varied

RECIPE = Recipe("REDUCE_PROD", varied("float32:int32", NUMBERS, INDICES), reduction, AXES | ENDS)
