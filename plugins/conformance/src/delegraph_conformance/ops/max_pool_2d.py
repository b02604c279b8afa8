"""MAX_POOL_2D: models for conformance cases."""

from ..families.reductions import POOLS, pool
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("MAX_POOL_2D", NUMBERS, pool, POOLS | ENDS)
