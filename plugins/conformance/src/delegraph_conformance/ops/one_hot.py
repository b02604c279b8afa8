"""ONE_HOT: models for conformance cases."""

from ..families.movement import HOT, one_hot
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "ONE_HOT", varied("int32:float32:int32", INDICES, EVERY_TYPE, ("int16", "int64")), one_hot, HOT
)
