"""STABLEHLO_REMAINDER: models for conformance cases."""

from ..families.unregistered import QUOTIENTS, SHAPES, two
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_REMAINDER", QUOTIENTS, two, SHAPES)
