"""STABLEHLO_CLAMP: models for conformance cases."""

from ..families.unregistered import BOUNDS, ORDERED, clamp
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_CLAMP", (*ORDERED, "bfloat16"), clamp, BOUNDS)
