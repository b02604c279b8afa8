"""UNIDIRECTIONAL_SEQUENCE_LSTM: models for conformance cases."""

from ..families.recurrent import DIAGONAL, LSTMS, lstm
from ..recipe import Recipe

RECIPE = Recipe("UNIDIRECTIONAL_SEQUENCE_LSTM", LSTMS, lstm, also=DIAGONAL)
