"""TILE: models for conformance cases."""

from ..families.movement import TILES, tile
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("TILE", varied("float32:int32", EVERY_TYPE, INDICES), tile, TILES, also=["int8:int64"])
