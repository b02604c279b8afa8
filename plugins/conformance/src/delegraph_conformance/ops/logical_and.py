"""LOGICAL_AND: models for conformance cases."""

from ..families.elementwise import BROADCASTS, plain_binary
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("LOGICAL_AND", EVERY_TYPE, plain_binary, BROADCASTS)
