"""UNPACK: models for conformance cases."""

from ..families.movement import UNPACKS, unpack
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("UNPACK", EVERY_TYPE, unpack, UNPACKS)
