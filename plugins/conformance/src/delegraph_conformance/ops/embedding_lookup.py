"""EMBEDDING_LOOKUP: models for conformance cases."""

from ..families.movement import embedding_lookup
from ..recipe import EVERY_TYPE, Recipe

TYPES = [f"{a}:{t}" for a in EVERY_TYPE for t in ("same", "float32")]
HALVES = [f"{t}:float16" for t in ("int8", "int4", "int2")]
RECIPE = Recipe("EMBEDDING_LOOKUP", TYPES, embedding_lookup, also=HALVES)
