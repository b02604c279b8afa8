"""RNN: models for conformance cases."""

from ..families.recurrent import PAIRS, rnn
from ..recipe import Recipe

RECIPE = Recipe("RNN", PAIRS, rnn)
