"""RANGE: models for conformance cases."""

from ..families.reductions import range_
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("RANGE", EVERY_TYPE, range_)
