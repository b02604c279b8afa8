"""DEPTH_TO_SPACE: models for conformance cases."""

from ..families.movement import BLOCKS_OUT, depth_to_space
from ..recipe import NUMBERS, Recipe

RECIPE = Recipe("DEPTH_TO_SPACE", NUMBERS, depth_to_space, BLOCKS_OUT)
