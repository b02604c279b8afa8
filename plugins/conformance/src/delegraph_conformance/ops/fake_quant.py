"""FAKE_QUANT: models for conformance cases."""

from ..families.elementwise import SHAPES, fake_quant
from ..recipe import NUMBERS, Recipe

RECIPE = Recipe("FAKE_QUANT", NUMBERS, fake_quant, SHAPES | {"four bits": {"num_bits": 4}})
