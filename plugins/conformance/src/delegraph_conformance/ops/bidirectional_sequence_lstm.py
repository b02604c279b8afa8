"""BIDIRECTIONAL_SEQUENCE_LSTM: models for conformance cases."""

from ..families.recurrent import LSTMS, TWO_WAYS, bidirectional_sequence_lstm
from ..recipe import Recipe

RECIPE = Recipe("BIDIRECTIONAL_SEQUENCE_LSTM", LSTMS, bidirectional_sequence_lstm, TWO_WAYS)
