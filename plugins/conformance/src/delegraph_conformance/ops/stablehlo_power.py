"""STABLEHLO_POWER: models for conformance cases."""

from ..families.unregistered import QUOTIENTS, SHAPES, two
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_POWER", QUOTIENTS, two, SHAPES)
