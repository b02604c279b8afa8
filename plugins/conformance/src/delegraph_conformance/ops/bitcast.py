"""BITCAST: models for conformance cases."""

from ..families.movement import WIDE, bitcast
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe(
    "BITCAST", [f"{t}>{t}" for t in EVERY_TYPE] + [f"{a}>{b}" for a in EVERY_TYPE for b in WIDE], bitcast
)
