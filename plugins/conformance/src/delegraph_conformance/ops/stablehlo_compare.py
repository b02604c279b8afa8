"""STABLEHLO_COMPARE: models for conformance cases."""

from ..families.unregistered import DIRECTIONS, ORDERED, compare
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_COMPARE", (*ORDERED, "bfloat16"), compare, DIRECTIONS)
