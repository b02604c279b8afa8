"""STABLEHLO_ABS: models for conformance cases."""

from ..families.unregistered import FLOATS, SHAPES, SIGNED, one
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_ABS", (*FLOATS, *SIGNED), one, SHAPES)
