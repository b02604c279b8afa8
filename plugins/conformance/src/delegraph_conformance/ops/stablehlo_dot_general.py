"""STABLEHLO_DOT_GENERAL: models for conformance cases."""

from ..families.unregistered import DOTS, dot_general
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_DOT_GENERAL", DOTS, dot_general)
