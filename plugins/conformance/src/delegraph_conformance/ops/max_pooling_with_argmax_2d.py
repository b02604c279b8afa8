"""MaxPoolingWithArgmax2D: models for conformance cases."""

from ..families.unregistered import pool_with_argmax
from ..recipe import Recipe

RECIPE = Recipe("MaxPoolingWithArgmax2D", ["float32"], pool_with_argmax)
