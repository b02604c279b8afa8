"""STABLEHLO_LOGISTIC: models for conformance cases."""

from ..families.unregistered import FLOATS, SHAPES, one
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_LOGISTIC", FLOATS, one, SHAPES)
