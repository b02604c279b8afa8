"""DENSIFY: models for conformance cases."""

from ..families.custom import densify
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("DENSIFY", EVERY_TYPE, densify)
