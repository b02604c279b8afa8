"""HASHTABLE_LOOKUP: models for conformance cases."""

from ..families.movement import hashtable_lookup
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("HASHTABLE_LOOKUP", EVERY_TYPE, hashtable_lookup)
