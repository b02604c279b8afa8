"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM cell run over a sequence.

x: (time, batch, depth), or (batch, time, depth) unless time_major; out: the same with the cell's outputs
in place of depth. State: output (batch, outputs) and cell (batch, cells).

Source: tflite/kernels/unidirectional_sequence_lstm.cc, lstm_eval.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import sequence

from ..families.lstm import cell_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return cell_support("UNIDIRECTIONAL_SEQUENCE_LSTM", options, 4, [sequence], has_diagonals=True)
