"""WHERE: models for conformance cases."""

from ..families.movement import where
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe(
    "WHERE", EVERY_TYPE, where, {"rank 1": {"shape": (9,)}, "rank 5": {"shape": (2, 1, 2, 1, 3)}}
)
