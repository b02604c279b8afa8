"""RNN: one step of a fully connected recurrent cell.

x: (batch, depth); out and state: (batch, units).

Source: tflite/kernels/basic_rnn.cc, internal/kernel_utils.cc (RnnBatchStep).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import dense, operand_shape, scaled_weights, variable_states

from ..elementwise import quietly
from ..kernel import Kernel
from ..recurrent import made_of
from ..rnn_cell import RnnCell, RnnPlaces, fitting

_PLACES = RnnPlaces()


def prepare(op: Op) -> Kernel:
    cell_of = made_of(op, _PLACES.constants, lambda inputs: RnnCell(op, _PLACES, inputs))

    @quietly
    def run(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        y, h = cell_of(inputs).run(inputs[0][None], None, inputs[_PLACES.state])
        return y[0], h

    return run


@needs("an input of rank 2")
def rank_2(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return None if len(x) == 2 else f"shape {shape_text(x)}"


_CONSTRAINTS = (rank_2, fitting(_PLACES, 0), dense, variable_states(_PLACES.state))

SUPPORT = [
    OpSupport("RNN", (1, 3), "float32 float32 float32 float32 float32 -> float32", _CONSTRAINTS, prepare),
    OpSupport(
        "RNN",
        (1, 3),
        "float32 T T float32 float32 -> float32",
        (*_CONSTRAINTS, scaled_weights),
        prepare,
        T="int8 uint8",
    ),
]
