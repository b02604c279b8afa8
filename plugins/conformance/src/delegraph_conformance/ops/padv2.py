"""PADV2: models for conformance cases."""

from ..families.movement import PADDINGS, padv2
from ..recipe import ENDS, EVERY_TYPE, INDICES, Recipe, varied

VARIANTS = PADDINGS | {"a constant": {"constant": True}} | ENDS
TYPES = varied("float32:int32", EVERY_TYPE, INDICES)
RECIPE = Recipe("PADV2", TYPES, padv2, VARIANTS, in_every_version=("a constant",))
