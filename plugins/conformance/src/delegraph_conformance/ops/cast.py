"""CAST: models for conformance cases."""

from ..families.elementwise import cast
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe(
    "CAST",
    [f"{a}>{b}" for a in EVERY_TYPE for b in EVERY_TYPE],
    cast,
    {"rank 0": {"shape": ()}, "size zero": {"shape": (2, 0)}},
)
