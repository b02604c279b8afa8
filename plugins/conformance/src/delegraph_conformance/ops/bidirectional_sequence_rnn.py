"""BIDIRECTIONAL_SEQUENCE_RNN: models for conformance cases."""

from ..families.recurrent import BOTH_WAYS, PAIRS, bidirectional_sequence_rnn
from ..recipe import Recipe

RECIPE = Recipe("BIDIRECTIONAL_SEQUENCE_RNN", PAIRS, bidirectional_sequence_rnn, BOTH_WAYS)
