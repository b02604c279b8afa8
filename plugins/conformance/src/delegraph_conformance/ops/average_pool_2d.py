"""AVERAGE_POOL_2D: models for conformance cases."""

from ..families.reductions import POOLS, pool
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("AVERAGE_POOL_2D", NUMBERS, pool, POOLS | ENDS)
