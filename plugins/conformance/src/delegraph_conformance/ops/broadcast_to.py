"""BROADCAST_TO: models for conformance cases."""

from ..families.movement import BROADCASTS_TO, broadcast_to
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe("BROADCAST_TO", varied("float32:int32", EVERY_TYPE, INDICES), broadcast_to, BROADCASTS_TO)
