"""LSTM: models for conformance cases."""

from ..families.recurrent import LSTMS, lstm
from ..recipe import Recipe

RECIPE = Recipe("LSTM", LSTMS, lstm)
