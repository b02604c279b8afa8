"""EMBEDDING_LOOKUP_SPARSE: models for conformance cases."""

from ..families.movement import embedding_lookup_sparse
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("EMBEDDING_LOOKUP_SPARSE", EVERY_TYPE, embedding_lookup_sparse)
