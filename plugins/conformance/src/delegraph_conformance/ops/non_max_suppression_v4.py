"""NON_MAX_SUPPRESSION_V4: models for conformance cases."""

from ..families.reductions import non_max_suppression
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("NON_MAX_SUPPRESSION_V4", EVERY_TYPE, non_max_suppression)
