"""LSTM: one step of an LSTM cell on int16: a sequence of length 1 of UNIDIRECTIONAL_SEQUENCE_LSTM.

x: (batch, depth) to (batch, cells), with its states in variable tensors. LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, needs, shape_text
from delegraph.rules import full_kernel, operand_shape

from ._lstm import depth, lstm_row


@needs("an input of rank 2, as deep as the input weights")
def rows_of_depth(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return (
        None
        if len(x) == 2 and x[1] == depth(op)
        else f"shape {shape_text(x)} for weights of depth {depth(op)}"
    )


def _batch(op: Op) -> int:
    return operand_shape(op, 0)[0]


def _enter(_op: Op, x: np.ndarray) -> np.ndarray:
    return x[None]


def _leave(_op: Op, y: np.ndarray) -> np.ndarray:
    return np.asarray(y[0])


SUPPORT = [lstm_row("LSTM", _batch, (full_kernel, rows_of_depth), _enter, _leave)]
