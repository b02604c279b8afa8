"""RANK: models for conformance cases."""

from ..families.movement import RANKS, rank
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("RANK", EVERY_TYPE, rank, RANKS)
