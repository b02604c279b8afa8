"""SHAPE: models for conformance cases."""

from ..families.movement import RANKS, shape_of
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe(
    "SHAPE", [f"{t}>int32" for t in EVERY_TYPE] + [f"float32>{t}" for t in EVERY_TYPE], shape_of, RANKS
)
