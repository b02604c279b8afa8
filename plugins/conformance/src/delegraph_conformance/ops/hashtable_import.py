"""HASHTABLE_IMPORT: models for conformance cases."""

from ..families.control import KEYS, hash_table
from ..recipe import Recipe

RECIPE = Recipe("HASHTABLE_IMPORT", [f"{k}>{v}" for k in KEYS for v in KEYS], hash_table)
