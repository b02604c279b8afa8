"""ARG_MAX: models for conformance cases."""

from ..families.reductions import AN_AXIS, WIDE, arg
from ..recipe import INDICES, NUMBERS, Recipe, varied

TYPES = varied("float32:int32:int32", NUMBERS, INDICES, INDICES)
RECIPE = Recipe("ARG_MAX", TYPES, arg, AN_AXIS, also=WIDE)
