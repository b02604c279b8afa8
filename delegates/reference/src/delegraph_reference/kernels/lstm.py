"""LSTM: one step of an LSTM cell.

FULL: x (batch, depth) to (batch, outputs), with its state in variable tensors: a sequence of length 1.

BASIC: x (batch, depth), previous activation and state (batch, cells) to the next ones, the two side by side
(batch, depth + cells) and what enters the gates (batch, 4 * cells): input, update, forget, output gate. In
8 bits, gates are Q3 numbers and the state is a Q4, all of 16 bits.

Source: tflite/kernels/lstm.cc, lstm_eval.cc; internal/reference/lstm_cell.h.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, quantize_multiplier, shape_text
from delegraph.rules import (
    basic_kernel,
    dense,
    full_kernel,
    one_scale_each,
    operand,
    operand_shape,
    wrong_shape,
)

from ..fixed16 import logistic_table, look_up, product, saturated, tanh_table
from ..gemmlowp import high_mul, rounding_shift
from ..kernel import Kernel
from ..products import exact_weights, largest_magnitude
from ..recurrent import made_of
from ..transcendental import logistic, tanh
from ..weights import centered
from ._lstm import depth, integer8_row, rows

_X, _ACTIVATION, _WEIGHTS, _BIAS, _STATE = range(5)  # inputs of the BASIC kernel


def prepare_basic(op: Op) -> Kernel:
    def sums_of(inputs: Any) -> Any:
        matrix, bias = inputs[_WEIGHTS].T, inputs[_BIAS]
        return lambda rows: rows @ matrix + bias

    def update(sums: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        enter, new, forget, leave = np.split(sums, 4, axis=1)
        state = logistic(enter) * tanh(new) + logistic(forget) * state
        return logistic(leave) * tanh(state), state

    return _basic(op, sums_of, update)


def prepare_basic_quantized(op: Op) -> Kernel:
    """uint8, around 128; the state in steps of 2**-11."""
    multiplier, shift = quantize_multiplier(4096 * operand(op, _BIAS).scale)

    def sums_of(inputs: Any) -> Any:
        integers = centered(inputs[_WEIGHTS], operand(op, _WEIGHTS)).T
        matrix = exact_weights(integers, largest_magnitude("uint8", 128))
        bias = inputs[_BIAS].astype(np.int64)

        def sums(rows: np.ndarray) -> np.ndarray:
            total = ((rows.astype(matrix.dtype) - 128) @ matrix).astype(np.int64) + bias
            return saturated(_rescaled(total, multiplier, shift)).astype(np.int16)

        return sums

    def update(sums: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        enter, new, forget, leave = np.split(sums, 4, axis=1)
        added = rounding_shift(product(_open(enter), look_up(tanh_table(3), new)), 4)
        cell = saturated(added + product(_open(forget), state.astype(np.int32)))
        shown = look_up(tanh_table(3), saturated(cell << 1))  # as a Q3
        out = rounding_shift(product(_open(leave), shown), 8).clip(-128, 127) + 128
        return out.astype(np.uint8), cell.astype(np.int16)

    return _basic(op, sums_of, update)


def _rescaled(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """Return x * multiplier * 2**(shift - 31), rounded twice, halves upward, as LiteRT does."""
    high = high_mul(x << max(shift, 0), multiplier)
    right = max(-shift, 0)
    return (high + (1 << right >> 1)) >> right


def _open(sums: np.ndarray) -> np.ndarray:
    return look_up(logistic_table(), sums)


def _basic(op: Op, make_sums: Any, update: Any) -> Kernel:
    sums_of = made_of(op, (_WEIGHTS, _BIAS), make_sums)
    variables = [operand(op, i).is_variable for i in (_ACTIVATION, _STATE)]

    def run(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        both = np.concatenate([inputs[_X], inputs[_ACTIVATION]], axis=1)
        sums = sums_of(inputs)(both)
        after = update(sums, inputs[_STATE])
        kept = [new for new, is_kept in zip(after, variables, strict=True) if is_kept]
        return (*after, both, sums, *kept)

    return run


@needs("an input of rank 2, as deep as the input weights")
def rows_of_depth(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return (
        None
        if len(x) == 2 and x[1] == depth(op)
        else f"shape {shape_text(x)} for weights of depth {depth(op)}"
    )


@needs("weights, bias and states whose shapes fit the input's")
def fitting_basic(op: Op) -> str | None:
    x, activation = operand_shape(op, _X), operand_shape(op, _ACTIVATION)
    if len(x) != 2 or len(activation) != 2:
        return f"shapes {shape_text(x)} and {shape_text(activation)}"
    batch, cells = x[0], activation[1]
    expected = {_ACTIVATION: (batch, cells), _WEIGHTS: (4 * cells, x[1] + cells), _BIAS: (4 * cells,)}
    return wrong_shape(op, {**expected, _STATE: (batch, cells)})


@needs("a state scale of 2**-11")
def state_in_q4(op: Op) -> str | None:
    scale = op.outputs[1].scale
    return None if scale > 0 and abs(math.log2(scale) + 11) < 1e-3 else f"{scale:g}"


def _batch(op: Op) -> int:
    return operand_shape(op, 0)[0]


def _enter(_op: Op, x: np.ndarray) -> np.ndarray:
    return x[None]


def _leave(_op: Op, y: np.ndarray) -> np.ndarray:
    return np.asarray(y[0])


_FULL = (full_kernel, rows_of_depth)

SUPPORT = [
    *rows("LSTM", _batch, _FULL, _enter, _leave),
    integer8_row("LSTM", _batch, _FULL, _enter, _leave),
    OpSupport(
        "LSTM",
        (1, 4),
        "float32 float32 float32 float32 float32 -> float32 float32 float32 float32",
        (basic_kernel, fitting_basic, dense),
        prepare_basic,
    ),
    OpSupport(
        "LSTM",
        (1, 4),
        "uint8 uint8 uint8 int32 int16 -> uint8 int16 uint8 int16",
        (basic_kernel, fitting_basic, dense, one_scale_each, state_in_q4),
        prepare_basic_quantized,
    ),
]
