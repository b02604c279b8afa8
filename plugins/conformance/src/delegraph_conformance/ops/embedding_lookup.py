"""EMBEDDING_LOOKUP: models for conformance cases."""

from ..draft import IN_BLOCKS
from ..families.movement import embedding_lookup
from ..recipe import EVERY_TYPE, Recipe

TYPES = [f"{a}:{t}" for a in EVERY_TYPE for t in ("same", "float32")]
HALVES = [f"{t}:float16" for t in ("int8", "int4", "int2")]
BLOCKS = [f"{t}{IN_BLOCKS}:{y}" for t in ("int8", "int4", "int2") for y in ("float32", "float16")]
RECIPE = Recipe("EMBEDDING_LOOKUP", TYPES, embedding_lookup, also=HALVES + BLOCKS)
