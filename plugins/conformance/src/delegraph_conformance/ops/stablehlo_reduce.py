"""STABLEHLO_REDUCE: models for conformance cases."""

from ..families.unregistered import FUNCTIONS, REDUCED, reduce
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_REDUCE", REDUCED, reduce, FUNCTIONS)
