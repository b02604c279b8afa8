"""UNIDIRECTIONAL_SEQUENCE_RNN: a fully connected recurrent cell run over a sequence.

x: (time, batch, depth), or (batch, time, depth) unless time_major; out: the same with the cell's units in
place of depth. State: (batch, units), 0 at first.

Source: tflite/kernels/unidirectional_sequence_rnn.cc, internal/kernel_utils.cc (RnnBatchStep).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import dense, scaled_weights, sequence, variable_states

from ..kernel import Kernel
from ..recurrent import contiguous, made_of, time_first
from ..rnn_cell import RnnCell, RnnPlaces, fitting

_PLACES = RnnPlaces()


def prepare(op: Op) -> Kernel:
    cell_of = made_of(op, _PLACES.constants, lambda inputs: RnnCell(op, _PLACES, inputs))
    time_major = bool(op.options.time_major)

    def run(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        x = time_first(inputs[0], time_major)
        y, h = cell_of(inputs).run(x, None, inputs[_PLACES.state])
        return time_first(y, time_major), h

    return contiguous(run)


_CONSTRAINTS = (sequence, fitting(_PLACES, 0), dense, variable_states(_PLACES.state))

SUPPORT = [
    OpSupport(
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        (1, 3),
        "float32 float32 float32 float32 float32 -> float32",
        _CONSTRAINTS,
        prepare,
    ),
    OpSupport(
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        (1, 3),
        "float32 T T float32 float32 -> float32",
        (*_CONSTRAINTS, scaled_weights),
        prepare,
        T="int8 uint8",
    ),
]
