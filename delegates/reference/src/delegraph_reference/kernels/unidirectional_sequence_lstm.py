"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM cell run over a sequence.

x: (time, batch, depth), or (batch, time, depth) unless time_major; out: the same with the cell's outputs in
place of depth. State: output (batch, outputs) and cell (batch, cells), 0 at first.

Source: tflite/kernels/unidirectional_sequence_lstm.cc, lstm_eval.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, needs, shape_text
from delegraph.rules import operand_shape

from ..recurrent import time_first
from ._lstm import depth, rows


def _over_time(op: Op, x: np.ndarray) -> np.ndarray:
    return time_first(x, bool(op.options.time_major))


def _batch(op: Op) -> int:
    return operand_shape(op, 0)[1 if op.options.time_major else 0]


@needs("a sequence of rank 3, as deep as the input weights")
def sequence(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return (
        None
        if len(x) == 3 and x[2] == depth(op)
        else f"shape {shape_text(x)} for weights of depth {depth(op)}"
    )


SUPPORT = rows(
    "UNIDIRECTIONAL_SEQUENCE_LSTM", _batch, (sequence,), _over_time, _over_time, has_diagonals=True
)
