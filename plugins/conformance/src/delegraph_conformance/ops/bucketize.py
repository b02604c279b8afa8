"""BUCKETIZE: models for conformance cases."""

from ..families.elementwise import SHAPES, bucketize
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("BUCKETIZE", EVERY_TYPE, bucketize, SHAPES)
