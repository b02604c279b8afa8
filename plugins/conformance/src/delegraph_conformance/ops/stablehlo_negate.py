"""STABLEHLO_NEGATE: models for conformance cases."""

from ..families.unregistered import FLOATS, SHAPES, SIGNED, one
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_NEGATE", (*FLOATS, *SIGNED, "uint8", "uint32", "uint64"), one, SHAPES)
