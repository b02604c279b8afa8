"""STABLEHLO_DYNAMIC_SLICE: models for conformance cases."""

from ..families.unregistered import MOVED, dynamic_slice
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_DYNAMIC_SLICE", MOVED, dynamic_slice)
