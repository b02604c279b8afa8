"""DEPTHWISE_CONV_2D: models for conformance cases."""

from ..families.weighted import CLAMPS, MULTIPLIERS, PER_CHANNEL, TRIPLES, WINDOWS, depthwise_conv_2d
from ..recipe import ENDS, Recipe

RECIPE = Recipe(
    "DEPTHWISE_CONV_2D", TRIPLES + PER_CHANNEL, depthwise_conv_2d, WINDOWS | CLAMPS | MULTIPLIERS | ENDS
)
