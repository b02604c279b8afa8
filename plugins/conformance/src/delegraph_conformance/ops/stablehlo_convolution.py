"""STABLEHLO_CONVOLUTION: models for conformance cases."""

from ..families.unregistered import SUMMED, convolution
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_CONVOLUTION", SUMMED, convolution)
