"""SELECT: models for conformance cases."""

from ..families.movement import CHOICES, CHOSEN_ROWS, select
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe("SELECT", varied("bool:float32", EVERY_TYPE, EVERY_TYPE), select, CHOICES | CHOSEN_ROWS)
