"""SKIP_GRAM: models for conformance cases."""

from ..families.movement import skip_gram
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("SKIP_GRAM", EVERY_TYPE, skip_gram)
