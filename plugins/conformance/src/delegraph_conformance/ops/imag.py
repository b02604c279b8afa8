"""IMAG: models for conformance cases."""

from ..families.elementwise import SHAPES, part
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("IMAG", [*EVERY_TYPE, "complex64>float64", "complex128>float64"], part, SHAPES)
