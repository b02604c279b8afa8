"""BROADCAST_ARGS: models for conformance cases."""

from ..families.movement import broadcast_args
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("BROADCAST_ARGS", EVERY_TYPE, broadcast_args)
