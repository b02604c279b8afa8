"""STABLEHLO_CONVERT: models for conformance cases."""

from ..families.unregistered import CONVERTED, convert
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_CONVERT", [f"{a}>{b}" for a in CONVERTED for b in CONVERTED], convert)
