"""STABLEHLO_DIVIDE: models for conformance cases."""

from ..families.unregistered import QUOTIENTS, SHAPES, two
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_DIVIDE", QUOTIENTS, two, SHAPES)
