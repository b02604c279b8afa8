"""What LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM on int16 share: the cell, as TFLite Micro has it.

Inputs, outputs and both states are int16, weights int8. The products of x and of the output state with the
weights of a gate are brought to steps of 2**-12 with multipliers of 15 bits; each saturates, then their
sum. The gates are those of LOGISTIC and TANH on int16. There are no peepholes, no projection, no layer
normalization, and no coupled gates.

Source: tensorflow/lite/micro/kernels/{lstm_eval.cc,lstm_eval.h,lstm_eval_common.cc} (of tflite-micro).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from delegraph import Constraint, Op, OpSupport, needs, quantize_multiplier, rescale
from delegraph.rules import (
    dense,
    matrix_shape,
    operand,
    scales_found,
    scales_of,
    variable_states,
    wrong_shape,
    zero_point_found,
)
from delegraph_reference import Formula, Kernel, contiguous, in_rows, made_of, padded, wrong_size

from ._powers import power_of_two
from ._rules import one_scale_each, symmetric
from ._sums import fifteen_bits, shifted
from .logistic import logistic
from .tanh import tanh

Reorder = Callable[[Op, np.ndarray], np.ndarray]

# Of the gates in the order input, forget, update, output.
_INPUT_WEIGHTS, _RECURRENT_WEIGHTS, _BIASES = (1, 2, 3, 4), (5, 6, 7, 8), (12, 13, 14, 15)
_OUTPUT_STATE, _CELL_STATE = 18, 19
_COUNT = 24  # inputs of the op, all optional ones included
_Q3, _Q0 = 2.0**-12, 2.0**-15  # steps of what enters a gate, and of what leaves it


def lstm_row(
    name: str, batch_of: Callable[[Op], int], extra: tuple[Constraint, ...], enter: Reorder, leave: Reorder
) -> OpSupport:
    """Return the row of an op that runs a cell; converters write version 5.

    :param batch_of: the number of rows of its state
    :param extra: its own constraints
    :param enter: gives the input as (time, batch, depth)
    :param leave: gives that form of the output in the op's own
    """

    def prepare(op: Op) -> Kernel:
        cell_of = made_of(
            op, (*_INPUT_WEIGHTS, *_RECURRENT_WEIGHTS, *_BIASES), lambda given: _Cell(op, given)
        )

        def run(*given: Any) -> tuple[np.ndarray, ...]:
            inputs = padded(given, _COUNT)
            x, states = enter(op, inputs[0]), (inputs[_OUTPUT_STATE], inputs[_CELL_STATE])
            y, *after = cell_of(inputs).run(x, *(in_rows(s, x.shape[1]) for s in states))
            return leave(op, y), *(new.reshape(old.shape) for new, old in zip(after, states, strict=True))

        return contiguous(run)

    shapes = (*extra, fitting(batch_of), plain, dense, variable_states(_OUTPUT_STATE, _CELL_STATE))
    scales = (symmetric, one_scale_each, scaled_weights, scaled_cell_state, fitting_factors)
    return OpSupport(name, (1, 5), _TYPES, (*shapes, *scales), prepare)


class _Cell:
    """A cell with its weights, ready to take steps."""

    def __init__(self, op: Op, inputs: Sequence[Any]) -> None:
        biases = np.concatenate([inputs[i] for i in _BIASES]).astype(np.int64)
        self._of_input = _product(op, 0, _INPUT_WEIGHTS, inputs, biases)
        self._of_state = _product(op, _OUTPUT_STATE, _RECURRENT_WEIGHTS, inputs, np.int64(0))
        state, out = operand(op, _CELL_STATE).scale, op.outputs[0].scale
        self._to_kept = quantize_multiplier(_Q0)
        self._to_cell = quantize_multiplier(_Q0 * _Q0 / state)
        self._to_out = quantize_multiplier(_Q0 * _Q0 / out)
        self._cell_clip = int(min(op.options.cell_clip / state, 32767.0))
        self._tanh_of_cell = _tanh_table(power_of_two(state) or 0)

    def run(self, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the outputs (time, batch, cells) and the states after the last step, all int16.

        :param x: (time, batch, depth)
        :param h: output state, (batch, cells)
        :param c: cell state, (batch, cells)
        """
        from_inputs = self._of_input(x.reshape(-1, x.shape[2]))
        from_inputs = from_inputs.reshape(*x.shape[:2], from_inputs.shape[1])
        outputs = np.empty((*x.shape[:2], c.shape[1]), np.int16)
        for t in range(len(x)):
            h, c = self._step(from_inputs[t], h, c)
            outputs[t] = h
        return outputs, h, c

    def _step(self, sums: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sums = _saturated(sums + self._of_state(h))
        enter, forget, new, out = np.split(sums, 4, axis=1)
        kept = _saturated(rescale(_open(forget) * c.astype(np.int64), *self._to_kept))
        added = _saturated(rescale(_open(enter) * _look_up(_tanh_table(-12), new), *self._to_cell))
        c = _saturated(kept + added)
        if self._cell_clip > 0:
            c = c.clip(-self._cell_clip, self._cell_clip)
        shown = _look_up(self._tanh_of_cell, c) * _open(out)
        return _saturated(rescale(shown, *self._to_out)).astype(np.int16), c.astype(np.int16)


def _product(op: Op, index: int, weights: Sequence[int], inputs: Sequence[Any], biases: Any) -> Formula:
    """Return the product of an int16 operand and all gates' weights, in steps of 2**-12, saturated."""
    matrix = np.concatenate([inputs[i] for i in weights]).T.astype(np.float64)
    rounded = shifted(*fifteen_bits(np.repeat(_factors(op, index, weights), matrix.shape[1] // 4)))
    return lambda x: _saturated(rounded((x @ matrix).astype(np.int64) + biases))


def _factors(op: Op, index: int, weights: Sequence[int]) -> list[float]:
    """Return what a unit of the sums is in steps of 2**-12; the scales are multiplied in float32."""
    scale = np.float32(operand(op, index).scale)
    return [float(scale * np.float32(operand(op, i).scale)) / _Q3 for i in weights]


def _saturated(x: np.ndarray) -> np.ndarray:
    return x.clip(-32768, 32767)


def _open(sums: np.ndarray) -> np.ndarray:
    return _look_up(_logistic_table(), sums)


def _look_up(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    return table.take(x.astype(np.int16).view(np.uint16))


@cache
def _logistic_table() -> np.ndarray:
    """Return the logistic function of every int16 in steps of 2**-12, int64, in the order of its bits."""
    return logistic(3 * _every_value())


@cache
def _tanh_table(power: int) -> np.ndarray:
    """Return the hyperbolic tangent of every int16 in steps of 2**power, likewise."""
    left = power + 12
    x = 3 * _every_value()
    return tanh(x << left if left >= 0 else (x + (1 << -left - 1)) >> -left)


def _every_value() -> np.ndarray:
    return np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int64)


def fitting(batch_of: Callable[[Op], int]) -> Constraint:
    """Return the constraint on the shapes of a cell."""

    @needs("weights, biases and states whose shapes fit each other")
    def fitting_shapes(op: Op) -> str | None:
        cells, depth = matrix_shape(op, _INPUT_WEIGHTS[-1])
        expected: dict[int, tuple[int, ...]] = dict.fromkeys(_INPUT_WEIGHTS, (cells, depth))
        expected |= dict.fromkeys(_RECURRENT_WEIGHTS, (cells, cells)) | dict.fromkeys(_BIASES, (cells,))
        size = batch_of(op) * cells
        return wrong_shape(op, expected) or wrong_size(op, {_OUTPUT_STATE: size, _CELL_STATE: size})

    return fitting_shapes


def depth(op: Op) -> int:
    """Return the depth of the input that the weights are for."""
    return matrix_shape(op, _INPUT_WEIGHTS[-1])[1]


@needs("20 or 24 inputs, the fused activation TANH, and a clip that is not negative")
def plain(op: Op) -> str | None:
    if len(op.inputs) not in (20, _COUNT):
        return f"{len(op.inputs)} inputs"
    if op.options.cell_clip < 0:
        return f"a clip of {op.options.cell_clip:g}"
    name = op.options.fused_activation_function
    return None if name == "TANH" else str(name)


@needs("one scale on each matrix of weights, and zero points of 0 on weights and biases")
def scaled_weights(op: Op) -> str | None:
    for i in (*_INPUT_WEIGHTS, *_RECURRENT_WEIGHTS):
        t = operand(op, i)
        if len(scales_of(t)) != 1 or t.scale <= 0:
            return f"{scales_found(t)} on {t.name!r}"
    constants = (t for t in op.inputs[1:] if t is not None and not t.is_variable)
    return next(filter(None, map(zero_point_found, constants)), None)


@needs("a power of two from 2**-15 to 2**-9 as the cell state's scale")
def scaled_cell_state(op: Op) -> str | None:
    scale = operand(op, _CELL_STATE).scale
    power = power_of_two(scale)
    return None if power is not None and -15 <= power <= -9 else f"{scale:g}"


@needs("scales whose rescaling factors are below 2**14, and an output scale above 2**-30")
def fitting_factors(op: Op) -> str | None:
    """From there on, TFLite Micro shifts by a negative number of bits, or out of int32."""
    if op.outputs[0].scale <= _Q0 * _Q0:
        return f"an output scale of {op.outputs[0].scale:g}"
    factors = _factors(op, 0, _INPUT_WEIGHTS) + _factors(op, _OUTPUT_STATE, _RECURRENT_WEIGHTS)
    return None if max(factors) < 2**14 else f"a factor of {max(factors):.3g}"


_MATRICES = " ".join(["int8"] * 8)
_TYPES = (
    f"int16 {_MATRICES} none none none int64|int32 int64|int32 int64|int32 int64|int32"
    " none none int16 int16 none? none? none? none? -> int16"
)
