"""LOG_SOFTMAX: models for conformance cases."""

from ..families.elementwise import ROWS, log_softmax
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe("LOG_SOFTMAX", NUMBERS, log_softmax, ROWS | ENDS)
