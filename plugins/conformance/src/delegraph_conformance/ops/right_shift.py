"""RIGHT_SHIFT: models for conformance cases."""

from ..families.elementwise import BROADCASTS, shift
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("RIGHT_SHIFT", EVERY_TYPE, shift, BROADCASTS)
