"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM cell run over a sequence.

x: (time, batch, depth), or (batch, time, depth) unless time_major; out: the same with the cell's outputs
in place of depth. State: output (batch, outputs) and cell (batch, cells).

Source: tflite/kernels/unidirectional_sequence_lstm.cc, lstm_eval.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport, needs

from ..families.lstm import cell_rows
from ..families.move_ops import shape_of
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return cell_rows("UNIDIRECTIONAL_SEQUENCE_LSTM", options, 4, [sequence])


@needs("a sequence of rank 3")
def sequence(op: Op) -> str | None:
    x = shape_of(op)
    return None if len(x) == 3 else f"shape {x}"
