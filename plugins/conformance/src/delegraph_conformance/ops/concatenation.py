"""CONCATENATION: models for conformance cases."""

from ..families.movement import CONCATENATIONS, concatenation
from ..recipe import ENDS, EVERY_TYPE, Recipe

RECIPE = Recipe("CONCATENATION", EVERY_TYPE, concatenation, CONCATENATIONS | ENDS)
