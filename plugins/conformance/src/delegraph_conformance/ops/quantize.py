"""QUANTIZE: models for conformance cases."""

from ..families.elementwise import SHAPES, quantize
from ..recipe import ENDS, EVERY_TYPE, Recipe

RECIPE = Recipe("QUANTIZE", [f"{a}>{b}" for a in EVERY_TYPE for b in EVERY_TYPE], quantize, SHAPES | ENDS)
