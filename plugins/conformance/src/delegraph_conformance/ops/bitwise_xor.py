"""BITWISE_XOR: models for conformance cases."""

from ..families.elementwise import BROADCASTS, plain_binary
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("BITWISE_XOR", EVERY_TYPE, plain_binary, BROADCASTS)
