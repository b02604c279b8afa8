"""REDUCE_WINDOW: models for conformance cases."""

from ..families.reductions import reduce_window
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("REDUCE_WINDOW", [*EVERY_TYPE, "bool:ALL"], reduce_window)
