"""PAD: models for conformance cases."""

from ..families.movement import PADDINGS, pad
from ..recipe import ENDS, EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "PAD", varied("float32:int32", EVERY_TYPE, INDICES), pad, PADDINGS | ENDS, also=["int8:int64"]
)
