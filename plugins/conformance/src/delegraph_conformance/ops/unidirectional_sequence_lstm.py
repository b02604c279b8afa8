"""UNIDIRECTIONAL_SEQUENCE_LSTM: models for conformance cases."""

from ..families.recurrent import DIAGONAL, LSTMS, MICRO, PARTS, WIDE_BIAS, lstm
from ..recipe import Recipe

RECIPE = Recipe(
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    LSTMS,
    lstm,
    PARTS,
    also=[*DIAGONAL, WIDE_BIAS],
    in_every_version=tuple(PARTS),
    beyond=MICRO,
)
