"""LSTM cells in integers whose products are rounded to 8 bits before they are added (12 intermediates).

Every such cell has layer normalization and a projection and couples its input gate to the forget gate: what
it has for an input gate of its own, and peepholes, are not read. Normalization and curves are computed in
float32.

Source: tflite/kernels/lstm.cc (PopulateQuantizedLstmParams8x8_8), lstm_eval.cc (LstmStepInteger8x8_8);
internal/reference/portable_tensor_utils.cc.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from delegraph import Op, needs, quantize_multiplier, rescale, round_half_away
from delegraph.rules import given, operand

from .elementwise import to_int32
from .fixed16 import MAX, look_up, saturated
from .gemmlowp import rounding_shift
from .lstm_cell import LstmPlaces
from .lstm_integer import clip_steps, one_scale_each
from .products import exact_weights, largest_magnitude
from .recurrent import Arrays, instants
from .transcendental import exp, tanh

INTERMEDIATES = 12
_FORGET, _UPDATE, _OUTPUT = 1, 2, 3  # the gates, in the order of an op's inputs


class IntegerLstmCell8:
    """A cell with its weights, ready to take steps.

    :param inputs: the op's inputs; the weights among them are read
    """

    def __init__(self, op: Op, places: LstmPlaces, inputs: Arrays) -> None:
        self._gates = [_Gate(op, places, gate, inputs) for gate in (_FORGET, _UPDATE, _OUTPUT)]
        self._outputs = places.sizes(op)[2]
        clip = op.options.cell_clip
        self._cell_clip = clip_steps(clip if clip < 1 else 0.0, 2.0**-15, -MAX - 1, MAX)
        self._project = _projection(op, places, inputs)

    def run(
        self, x: np.ndarray, _aux: None, h: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the outputs (time, batch, outputs) and the state after the last step.

        :param x: (time, batch, depth), int8
        :param h: output state, (batch, outputs), int8
        :param c: cell state, (batch, cells), int16
        """
        outputs = np.empty((*x.shape[:2], self._outputs), np.int8)
        cell = c.astype(np.int32)
        for t in instants(len(x), backward=False):
            forget, update, leave = (gate(x[t], h) for gate in self._gates)
            forget, leave = look_up(_logistic_table(), forget), look_up(_logistic_table(), leave)
            update = look_up(_tanh_table(12), update)
            cell = saturated(
                rounding_shift(forget * cell, 15) + rounding_shift((MAX - forget) * update, 15)
            )
            if self._cell_clip:
                cell = cell.clip(-self._cell_clip, self._cell_clip)
            h = self._project(rounding_shift(leave * look_up(_tanh_table(15), cell), 15))
            outputs[t] = h
        return outputs, h, cell.astype(np.int16)


class _Gate:
    """What enters a gate, normalized: Q3 numbers of 16 bits, as whole numbers."""

    def __init__(self, op: Op, places: LstmPlaces, gate: int, inputs: Arrays) -> None:
        of_input, of_state, together = (op.intermediates[3 * gate + k] for k in (1, 2, 0))
        self._of_input = _Product(op, 0, places.input_weights[gate], of_input, inputs)
        self._of_state = _Product(op, places.output_state, places.recurrent_weights[gate], of_state, inputs)
        unit = np.float32(together.scale)
        self._input_factor = quantize_multiplier(float(np.float32(of_input.scale) / unit))
        self._state_factor = quantize_multiplier(float(np.float32(of_state.scale) / unit))
        self._points = of_input.zero_point, of_state.zero_point
        if gate == _OUTPUT:  # LiteRT looks for these two in other places
            other = np.float32(op.intermediates[5].scale) / np.float32(op.intermediates[3].scale)
            self._state_factor = quantize_multiplier(float(other))[1], self._state_factor[1]
            self._points = of_input.zero_point, op.intermediates[7].zero_point
        multiplier, shift = quantize_multiplier(operand(op, places.norms[gate]).scale)
        self._scale = np.float32(multiplier * 2.0 ** (shift - 31))
        self._weights = inputs[places.norms[gate]].astype(np.float32)
        self._bias = inputs[places.biases[gate]].astype(np.float32) * (np.float32(2.0**-10) * self._scale)

    def __call__(self, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        sums = rescale(self._of_input(x, self._points[0]) - self._points[0], *self._input_factor)
        sums += rescale(self._of_state(h, self._points[1]) - self._points[1], *self._state_factor)
        return self._normalized(saturated(sums).astype(np.float32))

    def _normalized(self, x: np.ndarray) -> np.ndarray:
        n = np.float32(x.shape[1])
        mean, square = _total(x) / n, _total(x * x) / n
        variance = square - mean * mean
        with np.errstate(all="ignore"):
            inverse = np.float32(1) / np.sqrt(np.where(variance == 0, np.float32(1e-8), variance))
            # NaN where rounding leaves a variance below 0
            y = (x - mean) * inverse * self._weights * self._scale + self._bias
            return saturated(to_int32(round_half_away(y * np.float32(4096))))


class _Product:
    """The product of 8-bit rows and a gate's weights, rounded to the 8 bits of an intermediate tensor."""

    def __init__(self, op: Op, x: int, weights: int, out: Any, inputs: Arrays) -> None:
        rows = operand(op, x)
        factor = np.float32(operand(op, weights).scale) * np.float32(rows.scale) / np.float32(out.scale)
        self._multiplier, self._shift = quantize_multiplier(float(factor))
        self._offset = rows.zero_point
        self._matrix = exact_weights(inputs[weights].T, largest_magnitude("int8", rows.zero_point))

    def __call__(self, rows: np.ndarray, zero_point: int) -> np.ndarray:
        sums = ((rows.astype(self._matrix.dtype) - self._offset) @ self._matrix).astype(np.int64)
        return np.asarray((rescale(sums, self._multiplier, self._shift) + zero_point).clip(-128, 127))


def _projection(op: Op, places: LstmPlaces, inputs: Arrays) -> Any:
    """Return the projection of 16-bit rows; LiteRT rescales its sums with 16 bits of the multiplier."""
    state = operand(op, places.output_state)
    factor = np.float32(operand(op, places.projection).scale * 2.0**-15 / state.scale)
    multiplier, shift = quantize_multiplier(float(factor))
    reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    right = 15 - shift
    matrix = exact_weights(inputs[places.projection].T, largest_magnitude("int16"))
    bias = inputs[places.projection_bias].astype(np.int64)
    limit = clip_steps(op.options.proj_clip, op.outputs[0].scale, -128, 127)

    def project(rows: np.ndarray) -> np.ndarray:
        sums = (rows.astype(matrix.dtype) @ matrix).astype(np.int64) + bias
        y = ((sums * reduced + (1 << right >> 1) >> right) + state.zero_point).clip(-128, 127)
        return np.asarray(y.clip(-limit, limit) if limit else y, np.int8)

    return project


def _total(x: np.ndarray) -> np.ndarray:
    """Return sums over the last axis, added up from its start in float32."""
    return np.cumsum(x, axis=1, dtype=np.float32)[:, -1:]


def _q(bits: int) -> np.ndarray:
    """Return every 16-bit number as a float32 with so many bits behind the point."""
    raw = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
    return np.asarray(raw.astype(np.float32) * np.float32(2.0**-bits))


def _cut(y: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum((y * np.float32(1 << 15)).astype(np.int32), MAX))


@cache
def _logistic_table() -> np.ndarray:
    return _cut(np.float32(1) / (np.float32(1) + exp(-_q(12))))


@cache
def _tanh_table(bits: int) -> np.ndarray:
    return _cut(tanh(_q(bits)))


def intermediates8(places: LstmPlaces) -> Any:
    """Return the constraint on what such a cell has."""

    @needs("12 intermediate tensors, layer norm, a projection with a bias, and one scale for each tensor")
    def quantized(op: Op) -> str | None:
        if len(op.intermediates) != INTERMEDIATES:
            return f"{len(op.intermediates)} intermediate tensors"
        for i in (*places.norms[1:], places.projection, places.projection_bias):
            if given(op, i) is None:
                return f"no input {i}"
        return one_scale_each(op, op.intermediates)

    return quantized


def unit_cell(places: LstmPlaces) -> Any:
    """Return the constraint on the scale of the cell state."""

    @needs("2**-15 as the cell state's scale")
    def power_of_two(op: Op) -> str | None:
        scale = operand(op, places.cell_state).scale
        return None if scale == 2.0**-15 else f"{scale:g}"

    return power_of_two
