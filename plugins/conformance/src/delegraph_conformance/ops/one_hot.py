"""ONE_HOT: models for conformance cases."""

from ..families.movement import HOT, one_hot
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

TYPES = varied("int32:float32:int32", INDICES, EVERY_TYPE, ("int16", "int64"))
WIDE = [f"int64:{t}:int32" for t in ("float16", "int8", "int32")]
RECIPE = Recipe("ONE_HOT", TYPES, one_hot, HOT, also=WIDE)
