"""MaxUnpooling2D: models for conformance cases."""

from ..families.unregistered import unpooling
from ..recipe import Recipe

RECIPE = Recipe("MaxUnpooling2D", ["float32"], unpooling, {"of a pooling": {"pooled": True}})
