"""STABLEHLO_SELECT: models for conformance cases."""

from ..families.unregistered import ONE_CONDITION, select
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_SELECT", EVERY_TYPE, select, ONE_CONDITION)
