"""UNIQUE: models for conformance cases."""

from ..families.movement import unique
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe(
    "UNIQUE", varied("float32:int32", EVERY_TYPE, ("int32", "int64", "int16", "float32")), unique
)
