"""SELECT_V2: models for conformance cases."""

from ..families.movement import BROADCAST_CHOICES, CHOICES, select
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe(
    "SELECT_V2", varied("bool:float32", EVERY_TYPE, EVERY_TYPE), select, CHOICES | BROADCAST_CHOICES
)
