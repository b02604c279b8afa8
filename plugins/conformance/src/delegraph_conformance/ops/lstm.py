"""LSTM: models for conformance cases."""

from ..families.recurrent import BASIC, BYTES, LSTMS, MICRO, PARTS, WIDE_BIAS, lstm
from ..recipe import Recipe

RECIPE = Recipe(
    "LSTM",
    LSTMS,
    lstm,
    PARTS,
    also=[*BASIC, *BYTES, WIDE_BIAS],
    in_every_version=tuple(PARTS),
    beyond=MICRO,
)
