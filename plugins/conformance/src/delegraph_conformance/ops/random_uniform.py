"""RANDOM_UNIFORM: models for conformance cases."""

from ..families.reductions import random
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("RANDOM_UNIFORM", varied("int32:float32", INDICES, EVERY_TYPE), random)
