"""aeq.hadamard_rotation: models for conformance cases."""

from ..families.custom import hadamard_rotation
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("aeq.hadamard_rotation", EVERY_TYPE, hadamard_rotation)
