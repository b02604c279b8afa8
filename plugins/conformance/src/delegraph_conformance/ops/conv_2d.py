"""CONV_2D: models for conformance cases."""

from ..families.weighted import CLAMPS, GROUPS, PER_CHANNEL, TRIPLES, WINDOWS, conv_2d
from ..recipe import ENDS, Recipe

RECIPE = Recipe("CONV_2D", TRIPLES + PER_CHANNEL, conv_2d, WINDOWS | CLAMPS | GROUPS | ENDS)
