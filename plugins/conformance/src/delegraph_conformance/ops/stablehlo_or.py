"""STABLEHLO_OR: models for conformance cases."""

from ..families.unregistered import SHAPES, WHOLE, two
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_OR", (*WHOLE, "bool"), two, SHAPES)
