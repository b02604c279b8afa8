"""STABLEHLO_SORT: models for conformance cases."""

from ..families.unregistered import FALLING, SORTED, sort
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_SORT", SORTED, sort, FALLING)
