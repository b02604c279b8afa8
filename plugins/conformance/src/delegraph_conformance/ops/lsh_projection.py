"""LSH_PROJECTION: models for conformance cases."""

from ..families.movement import WEIGHTED, lsh_projection
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("LSH_PROJECTION", EVERY_TYPE, lsh_projection, WEIGHTED)
