"""STABLEHLO_COMPOSITE: models for conformance cases."""

from ..families.control import composite
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_COMPOSITE", EVERY_TYPE, composite)
