"""ASSIGN_VARIABLE: models for conformance cases."""

from ..families.control import variable
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("ASSIGN_VARIABLE", EVERY_TYPE, variable)
