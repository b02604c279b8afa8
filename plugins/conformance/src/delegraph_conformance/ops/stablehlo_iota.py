"""STABLEHLO_IOTA: models for conformance cases."""

from ..families.unregistered import ORDERED, iota
from ..recipe import Recipe

RECIPE = Recipe("STABLEHLO_IOTA", (*ORDERED[:-1],), iota, {"the first axis": {"axis": 0}})
