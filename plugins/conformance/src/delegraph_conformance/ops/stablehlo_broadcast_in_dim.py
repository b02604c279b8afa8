"""STABLEHLO_BROADCAST_IN_DIM: models for conformance cases."""

from ..families.unregistered import broadcast_in_dim
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_BROADCAST_IN_DIM", EVERY_TYPE, broadcast_in_dim)
