"""STABLEHLO_RSQRT: models for conformance cases."""

from ..families.unregistered import FLOATS, SHAPES, one
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_RSQRT", FLOATS, one, SHAPES)
