"""STABLEHLO_REDUCE_WINDOW: models for conformance cases."""

from ..families.stablehlo import reduce_window
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_REDUCE_WINDOW", EVERY_TYPE, reduce_window)
