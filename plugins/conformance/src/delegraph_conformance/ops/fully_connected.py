"""FULLY_CONNECTED: models for conformance cases."""

from ..families.weighted import CLAMPS, PER_CHANNEL, PRODUCTS_OF_ROWS, TRIPLES, fully_connected
from ..recipe import ENDS, Recipe

VARIANTS = PRODUCTS_OF_ROWS | CLAMPS | ENDS
RECIPE = Recipe(
    "FULLY_CONNECTED", TRIPLES + PER_CHANNEL, fully_connected, VARIANTS, in_every_version=("one row",)
)
