"""UNIDIRECTIONAL_SEQUENCE_RNN: models for conformance cases."""

from ..families.recurrent import PAIRS, unidirectional_sequence_rnn
from ..recipe import Recipe

RECIPE = Recipe("UNIDIRECTIONAL_SEQUENCE_RNN", PAIRS, unidirectional_sequence_rnn)
