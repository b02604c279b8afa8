"""ARG_MAX: models for conformance cases."""

from ..families.reductions import AN_AXIS, arg
from ..recipe import INDICES, NUMBERS, Recipe, varied

RECIPE = Recipe("ARG_MAX", varied("float32:int32:int32", NUMBERS, INDICES, INDICES), arg, AN_AXIS)
