"""Convolution2DTransposeBias: models for conformance cases."""

from ..families.unregistered import transpose_bias
from ..recipe import Recipe

RECIPE = Recipe("Convolution2DTransposeBias", ["float32"], transpose_bias)
