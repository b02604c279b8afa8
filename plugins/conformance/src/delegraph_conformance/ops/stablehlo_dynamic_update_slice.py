"""STABLEHLO_DYNAMIC_UPDATE_SLICE: models for conformance cases."""

from ..families.unregistered import MOVED, dynamic_update_slice
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_DYNAMIC_UPDATE_SLICE", MOVED, dynamic_update_slice)
