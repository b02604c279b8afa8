"""SVDF: a fully connected layer over time, its weights factored into features and their weights in time.

x: (batch, depth); feature weights: (filters, depth); time weights: (filters, memory); bias: (units,), with
filters = units * rank. The state, (batch, filters * memory), has each filter's last values, oldest first::

    state = (state[1:], features x)      out = activation(sum over a unit's filters of state * time + bias)

int8: the state is int16, of zero point 0; the activation is RELU in name, and the output's range in fact.

Source: tflite/kernels/svdf.cc, internal/reference/svdf.h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, quantize_multiplier, shape_text
from delegraph.rules import (
    axis_scales_found,
    dense,
    operand,
    operand_shape,
    scaled,
    scaled_weights,
    scales_found,
    variable_states,
    wrong_shape,
    zero_point_found,
)

from ..elementwise import quietly
from ..gemmlowp import rescale_anywhere, wrapped
from ..kernel import Kernel
from ..products import exact_weights, largest_magnitude
from ..recurrent import CURVES, has_integers, made_of, product_with

_X, _FEATURES, _TIME, _BIAS, _STATE = range(5)

Finish = Callable[[np.ndarray, Any], np.ndarray]  # (sums (batch, units), bias) -> outputs


def prepare_float(op: Op) -> Kernel:
    """float32, and float32 with integer weights."""
    activation = CURVES[op.options.fused_activation_function]

    def make(inputs: Any) -> Any:
        return product_with(op, [_FEATURES], inputs), _real(op, inputs[_TIME])

    def finish(sums: np.ndarray, bias: Any) -> np.ndarray:
        return activation(sums if bias is None else sums + bias)

    return prepare_cell(op, make, finish)


def prepare_integer(op: Op) -> Kernel:
    """int8 x and weights; the state, int16 or int8, saturates and may have a zero point."""
    x, state, out = operand(op, _X), operand(op, _STATE), op.outputs[0]
    enter, leave = map(quantize_multiplier, _factors(op))
    kept = np.iinfo(state.dtype)

    def make(inputs: Any) -> Any:
        matrix = exact_weights(inputs[_FEATURES].T, largest_magnitude("int8", x.zero_point))

        def features(rows: np.ndarray) -> np.ndarray:
            sums = (rows.astype(matrix.dtype) - x.zero_point) @ matrix
            return rescale_anywhere(sums.astype(np.int64), *enter, state.zero_point).clip(
                kept.min, kept.max
            )

        return features, inputs[_TIME].astype(np.int64)

    def finish(sums: np.ndarray, bias: Any) -> np.ndarray:
        total = wrapped(sums if bias is None else sums + bias)
        return rescale_anywhere(total, *leave, out.zero_point).clip(-128, 127).astype(np.int8)

    return prepare_cell(op, make, finish, state.zero_point)


def _factors(op: Op) -> tuple[float, float]:
    """Return what a unit of features is in steps of the state, and one of sums in steps of the output.

    LiteRT multiplies and divides the scales in float32.
    """
    tensors = (operand(op, _X), operand(op, _FEATURES), operand(op, _TIME), operand(op, _STATE))
    x, features, time, state, out = (np.float32(t.scale) for t in (*tensors, op.outputs[0]))
    return float(x * features / state), float(state * time / out)


def prepare_cell(op: Op, make: Callable[[Any], Any], finish: Finish, zero_point: int = 0) -> Kernel:
    """Return the kernel that moves the state on, multiplies it with the time weights and finishes the sums.

    :param make: gives, from the op's inputs, what makes features of x, and the time weights
    :param zero_point: of the state
    """
    made = made_of(op, (_FEATURES, _TIME), make)
    filters, memory = operand_shape(op, _TIME)
    rank = op.options.rank

    @quietly
    def run(x: np.ndarray, *others: Any) -> tuple[np.ndarray, ...]:
        inputs = (x, *others)
        features, time = made(inputs)
        state = np.empty_like(inputs[_STATE]).reshape(len(x), filters, memory)
        state[..., :-1] = inputs[_STATE].reshape(state.shape)[..., 1:]
        state[..., -1] = features(x)
        centered = np.subtract(state, zero_point, dtype=time.dtype) if zero_point else state
        sums = (centered * time).reshape(len(x), filters // rank, rank * memory).sum(axis=2)
        return finish(sums, inputs[_BIAS]), state.reshape(len(x), filters * memory)

    return run


def _real(op: Op, stored: np.ndarray) -> np.ndarray:
    if not has_integers(op, _TIME):
        return stored
    return np.asarray(stored.view(np.int8).astype(np.float32) * np.float32(operand(op, _TIME).scale))


@needs("weights, a bias and a state whose shapes fit the input's and the rank")
def fitting(op: Op) -> str | None:
    x, features, time = (operand_shape(op, i) for i in (_X, _FEATURES, _TIME))
    rank = op.options.rank
    if len(x) != 2 or len(features) != 2 or len(time) != 2 or x[1] != features[1] or not time[1]:
        return f"shapes {shape_text(x)}, {shape_text(features)} and {shape_text(time)}"
    if rank <= 0 or features[0] % rank:
        return f"{features[0]} filters of rank {rank}"
    expected = {_TIME: (features[0], time[1]), _BIAS: (features[0] // rank,)}
    return wrong_shape(op, {**expected, _STATE: (x[0], features[0] * time[1])})


@needs("the fused activation RELU")
def relu(op: Op) -> str | None:
    name = op.options.fused_activation_function
    return None if name == "RELU" else str(name)


@needs("one scale for input, weights, state and output, and zero points of 0 for weights, bias and state")
def scales(op: Op) -> str | None:
    stored = [operand(op, i) for i in (_X, _FEATURES, _TIME, _STATE)]
    for t in (*stored, op.outputs[0]):
        if not scaled(t) or axis_scales_found(t):
            return f"{scales_found(t)} on {t.name!r}"
    symmetric = [t for t in (*stored[1:], op.inputs[_BIAS]) if t is not None]
    return next(filter(None, map(zero_point_found, symmetric)), None)


_CONSTRAINTS = (fitting, dense, variable_states(_STATE))

SUPPORT = [
    OpSupport(
        "SVDF", (1, 4), "float32 float32 float32 float32? float32 -> float32", _CONSTRAINTS, prepare_float
    ),
    OpSupport(
        "SVDF",
        (1, 4),
        "float32 T T float32? float32 -> float32",
        (*_CONSTRAINTS, scaled_weights),
        prepare_float,
        T="int8 uint8",
    ),
    OpSupport(
        "SVDF",
        (1, 4),
        "int8 int8 int16 int32? int16 -> int8",
        (*_CONSTRAINTS, relu, scales),
        prepare_integer,
    ),
]
