"""L2_POOL_2D: models for conformance cases."""

from ..families.reductions import POOLS, pool
from ..recipe import NUMBERS, Recipe

RECIPE = Recipe("L2_POOL_2D", NUMBERS, pool, POOLS)
