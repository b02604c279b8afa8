"""MIRROR_PAD: models for conformance cases."""

from ..families.movement import MIRRORS, mirror_pad
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("MIRROR_PAD", varied("float32:int32", EVERY_TYPE, INDICES), mirror_pad, MIRRORS)
