"""SPACE_TO_DEPTH: models for conformance cases."""

from ..families.movement import BLOCKS_IN, space_to_depth
from ..recipe import NUMBERS, Recipe

RECIPE = Recipe("SPACE_TO_DEPTH", NUMBERS, space_to_depth, BLOCKS_IN)
