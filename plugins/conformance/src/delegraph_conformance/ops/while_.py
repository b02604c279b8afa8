"""WHILE: models for conformance cases."""

from ..families.control import while_
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("WHILE", EVERY_TYPE, while_)
