"""LSTM: models for conformance cases."""

from ..families.recurrent import BASIC, LSTMS, lstm
from ..recipe import Recipe

RECIPE = Recipe("LSTM", LSTMS, lstm, also=BASIC)
