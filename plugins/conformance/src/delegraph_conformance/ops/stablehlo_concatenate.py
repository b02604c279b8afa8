"""STABLEHLO_CONCATENATE: models for conformance cases."""

from ..families.unregistered import concatenate
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("STABLEHLO_CONCATENATE", EVERY_TYPE, concatenate)
