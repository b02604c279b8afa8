"""NumericVerify: models for conformance cases."""

from ..families.custom import numeric_verify
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("NumericVerify", EVERY_TYPE, numeric_verify)
