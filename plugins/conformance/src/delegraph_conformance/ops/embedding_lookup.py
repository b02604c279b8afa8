"""EMBEDDING_LOOKUP: models for conformance cases."""

from ..families.movement import embedding_lookup
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe(
    "EMBEDDING_LOOKUP", [f"{a}:{t}" for a in EVERY_TYPE for t in ("same", "float32")], embedding_lookup
)
