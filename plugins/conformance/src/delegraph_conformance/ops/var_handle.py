"""VAR_HANDLE: models for conformance cases."""

from ..families.control import variable
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("VAR_HANDLE", EVERY_TYPE, variable)
