"""FILL: models for conformance cases."""

from ..families.movement import FILLS, fill
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

WIDE = [f"int64:{t}" for t in ("float16", "int8", "int32")]
RECIPE = Recipe("FILL", varied("int32:float32", INDICES, EVERY_TYPE), fill, FILLS, also=WIDE)
