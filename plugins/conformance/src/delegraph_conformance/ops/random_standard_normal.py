"""RANDOM_STANDARD_NORMAL: models for conformance cases."""

from ..families.reductions import random
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("RANDOM_STANDARD_NORMAL", varied("int32:float32", INDICES, EVERY_TYPE), random)
