"""PRELU: models for conformance cases."""

from ..families.elementwise import ALPHAS, CONSTANT, prelu
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("PRELU", NUMBERS, prelu, ALPHAS | CONSTANT | ENDS, also=["int16:int8"])
