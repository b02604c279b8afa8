"""STABLEHLO_RESHAPE: models for conformance cases."""

from ..families.unregistered import reshape
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_RESHAPE", EVERY_TYPE, reshape)
