"""SQUEEZE: models for conformance cases."""

from ..families.movement import SQUEEZES, squeeze
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("SQUEEZE", EVERY_TYPE, squeeze, SQUEEZES)
