"""What LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM share: their inputs, types and constraints.

Source: tflite/kernels/lstm_shared.h, lstm.cc, unidirectional_sequence_lstm.cc (CheckInputTensorDimensions).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from delegraph import Constraint, Op, OpSupport
from delegraph.rules import (
    clips,
    dense,
    diagonals,
    full_inputs,
    recurrent_matrices,
    scaled_weights,
    variable_states,
)

from ..hybrid import in_rows
from ..kernel import Kernel
from ..lstm_cell import LstmCell, LstmPlaces, complete, fitting, some_activation
from ..lstm_integer import IntegerLstmCell, cell_scale, integer_scales, peephole_size
from ..lstm_integer8 import IntegerLstmCell8, intermediates8, unit_cell
from ..recurrent import contiguous, made_of, padded

Reorder = Callable[[Op, np.ndarray], np.ndarray]

_PLACES = LstmPlaces(norms=(20, 21, 22, 23))
_COUNT = 24  # inputs of the op, all optional ones included


def rows(
    name: str,
    batch_of: Callable[[Op], int],
    extra: tuple[Constraint, ...],
    enter: Reorder,
    leave: Reorder,
    has_diagonals: bool = False,
) -> list[OpSupport]:
    """Return the rows of an op that runs one cell: float, with integer weights, and in integers.

    :param batch_of: the number of rows of its state
    :param extra: its own constraints
    :param enter: gives the input as (time, batch, depth)
    :param leave: gives that form of the output in the op's own
    :param has_diagonals: recurrent weights may be vectors of floats, which stand for diagonal matrices
    """

    def prepare_float(op: Op) -> Kernel:
        return _prepared(op, lambda inputs: LstmCell(op, _PLACES, inputs), enter, leave)

    def prepare_integer(op: Op) -> Kernel:
        return _prepared(op, lambda inputs: IntegerLstmCell(op, _PLACES, inputs), enter, leave)

    common = (*extra, full_inputs, complete(_PLACES), fitting(_PLACES, batch_of), *_COMMON)
    recurrent = (diagonals,) if has_diagonals else (recurrent_matrices,)
    return [
        OpSupport(
            name, (1, 4), _types("float32", False), (*common, some_activation, *recurrent), prepare_float
        ),
        *[
            OpSupport(
                name,
                (1, 4),
                _types(t, has_diagonals),
                (*common, some_activation, scaled_weights, *recurrent),
                prepare_float,
            )
            for t in ("int8", "uint8")
        ],
        OpSupport(name, (1, 4), _INTEGER_TYPES, (*common, *_INTEGER), prepare_integer),
    ]


def integer8_row(
    name: str, batch_of: Callable[[Op], int], extra: tuple[Constraint, ...], enter: Reorder, leave: Reorder
) -> OpSupport:
    """Return the row of integer cells with 12 intermediate tensors; parameters as in ``rows``."""

    def prepare(op: Op) -> Kernel:
        return _prepared(op, lambda inputs: IntegerLstmCell8(op, _PLACES, inputs), enter, leave)

    constraints = (*extra, full_inputs, complete(_PLACES), fitting(_PLACES, batch_of), *_COMMON)
    special = (intermediates8(_PLACES), unit_cell(_PLACES), recurrent_matrices)
    return OpSupport(name, (1, 4), _INTEGER8_TYPES, (*constraints, *special), prepare)


def depth(op: Op) -> int:
    """Return the depth of the input that the weights are for."""
    return _PLACES.sizes(op)[0]


def _prepared(op: Op, make: Callable[[Any], Any], enter: Reorder, leave: Reorder) -> Kernel:
    cell_of = made_of(op, _PLACES.weights, make)

    def run(*given: Any) -> tuple[np.ndarray, ...]:
        inputs = padded(given, _COUNT)
        x, state = enter(op, inputs[0]), [inputs[i] for i in (_PLACES.output_state, _PLACES.cell_state)]
        y, *after = cell_of(inputs).run(x, None, *[in_rows(s, x.shape[1]) for s in state])
        return leave(op, y), *(new.reshape(old.shape) for new, old in zip(after, state, strict=True))

    return contiguous(run)


def _types(weights: str, has_diagonals: bool) -> str:
    """Return a row's types: x, weights of input and state, peepholes, biases, projection, state, norms."""
    recurrent = f"{weights}|float32" if has_diagonals else weights
    matrices = f"{weights}? {weights} {weights} {weights} {recurrent}? {recurrent} {recurrent} {recurrent}"
    biases = "float32? float32 float32 float32"
    ends = f"{weights}? float32? float32 float32 float32? float32? float32? float32?"
    return f"float32 {matrices} {weights}? {weights}? {weights}? {biases} {ends} -> float32"


_INTEGER_TYPES = (
    "int8 int8? int8 int8 int8 int8? int8 int8 int8 int16? int16? int16? int32? int32 int32 int32"
    " int8? int32? int8 int16 int16? int16? int16? int16? -> int8"
)
_INTEGER8_TYPES = (
    "int8 int8? int8 int8 int8 int8? int8 int8 int8 none none none int32? int32 int32 int32"
    " int8 int32 int8 int16 int16? int16 int16 int16 -> int8"
)
_COMMON = (clips, dense, variable_states(_PLACES.output_state, _PLACES.cell_state))
_INTEGER = (integer_scales(_PLACES), cell_scale(_PLACES), peephole_size(_PLACES), recurrent_matrices)
