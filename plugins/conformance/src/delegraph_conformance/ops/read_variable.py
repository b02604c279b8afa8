"""READ_VARIABLE: models for conformance cases."""

from ..families.control import variable
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("READ_VARIABLE", EVERY_TYPE, variable)
