"""RANGE: models for conformance cases."""

from ..families.reductions import KNOWN, range_
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("RANGE", EVERY_TYPE, range_, KNOWN, in_every_version=("of constants",))
