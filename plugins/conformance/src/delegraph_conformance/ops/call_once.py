"""CALL_ONCE: models for conformance cases."""

from ..families.control import call_once
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("CALL_ONCE", EVERY_TYPE, call_once)
