"""STABLEHLO_SLICE: models for conformance cases."""

from ..families.unregistered import slice_
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_SLICE", EVERY_TYPE, slice_)
