"""STABLEHLO_EXPONENTIAL: models for conformance cases."""

from ..families.unregistered import FLOATS, SHAPES, one
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_EXPONENTIAL", FLOATS, one, SHAPES)
