"""TRANSPOSE_CONV: models for conformance cases."""

from ..families.weighted import CLAMPS, PER_CHANNEL, TRANSPOSED, TRIPLES, transpose_conv
from ..recipe import ENDS, Recipe

RECIPE = Recipe("TRANSPOSE_CONV", TRIPLES + PER_CHANNEL, transpose_conv, TRANSPOSED | CLAMPS | ENDS)
