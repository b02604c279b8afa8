"""LSTM cells in integers: 8-bit inputs, outputs and weights, a 16-bit cell state, gates in 16 bits.

What enters a gate is rounded to Q3 numbers of 16 bits (or, with layer normalization, to the scale of the
op's intermediate tensors) product by product, and saturates after each.

Source: tflite/kernels/lstm.cc (PopulateQuantizedLstmParams8x8_16), lstm_eval.cc (LstmStepInteger8x8_16);
internal/reference/portable_tensor_utils.cc.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from delegraph import Op, Tensor, needs, quantize_multiplier, quantize_multipliers, rescale
from delegraph.rules import axis_scales_found, given, operand, scaled, scales_found, zero_point_found

from .fixed16 import MAX, MIN, logistic_table, look_up, saturated, tanh_table
from .gemmlowp import inverse_sqrt, rescale_anywhere, rounding_shift, wrapped
from .lstm_cell import LstmPlaces
from .products import exact_weights, largest_sums
from .recurrent import Arrays, instants

Rounded = Callable[[np.ndarray], np.ndarray]  # rows (n, depth) -> whole numbers (n, columns), float64

_INPUT, _FORGET, _UPDATE, _OUTPUT = range(4)  # the gates, in the order of an op's inputs
_ORDER = (_INPUT, _FORGET, _OUTPUT, _UPDATE)  # here: those with a logistic function side by side
_Q3 = np.float32(2.0**-12)  # scale of a Q3
_HIDDEN = 4  # the intermediate tensor of the output before a projection


class IntegerLstmCell:
    """A cell with its weights, ready to take steps.

    :param inputs: the op's inputs; the weights among them are read
    """

    def __init__(self, op: Op, places: LstmPlaces, inputs: Arrays) -> None:
        gates = [k for k in _ORDER if inputs[places.input_weights[k]] is not None]
        self._has_input_gate = _INPUT in gates
        self._cells, self._outputs = places.sizes(op)[1:]
        has_norms = bool(places.norms) and inputs[places.norms[_FORGET]] is not None
        scales = [np.float32(op.intermediates[k].scale) if has_norms else _Q3 for k in gates]
        biases = None if has_norms else [inputs[places.biases[k]] for k in gates]
        self._of_input = _gates_product(op, 0, _of(places.input_weights, gates), inputs, scales, biases)
        self._of_state = _gates_product(
            op, places.output_state, _of(places.recurrent_weights, gates), inputs, scales, None
        )
        cell_state = operand(op, places.cell_state)
        self._cell_bits = 15 + round(math.log2(cell_state.scale))  # before the point
        self._cell_clip = clip_steps(op.options.cell_clip, cell_state.scale, MIN, MAX)
        self._peepholes = _peepholes(op, places, inputs, dict(zip(gates, scales, strict=True)))
        self._norms = [_Norm(op, places, k, inputs) for k in gates] if has_norms else None
        self._finish = _finish(op, places, inputs)

    def run(
        self, x: np.ndarray, _aux: None, h: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the outputs (time, batch, outputs) and the state after the last step.

        :param x: (time, batch, depth), int8
        :param h: output state, (batch, outputs), int8
        :param c: cell state, (batch, cells), int16
        """
        sums = saturated(self._of_input(x.reshape(x.shape[0] * x.shape[1], x.shape[2])))
        from_inputs = sums.reshape(*x.shape[:2], sums.shape[1] // self._cells, self._cells)
        outputs = np.empty((*x.shape[:2], self._outputs), np.int8)
        cell = c.astype(np.int32)
        for t in instants(len(x), backward=False):
            h, cell = self._step(from_inputs[t], h, cell)
            outputs[t] = h
        return outputs, h, cell.astype(np.int16)

    def _step(self, sums: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sums = saturated(sums + self._of_state(h).reshape(sums.shape))
        if self._peepholes is None and self._norms is None:
            opened = look_up(logistic_table(), sums[:, :-1])
            gates = [opened[:, k] for k in range(opened.shape[1])]
        else:
            gates = [self._gate(sums, k, c) for k in range(sums.shape[1] - 2)]
        update = look_up(tanh_table(3), self._normalized(sums[:, -1], -1))
        forget = gates[1] if self._has_input_gate else gates[0]
        entering = gates[0] if self._has_input_gate else MAX - forget
        c = _halved(forget * c, 15) + _halved(entering * update, 15 + self._cell_bits)
        c = c.clip(-self._cell_clip, self._cell_clip) if self._cell_clip else saturated(c)
        if self._peepholes is not None or self._norms is not None:
            gates.append(self._gate(sums, sums.shape[1] - 2, c))
        return self._finish(look_up(tanh_table(self._cell_bits), c) * gates[-1]), c

    def _gate(self, sums: np.ndarray, k: int, c: np.ndarray) -> np.ndarray:
        """Return a gate with a logistic function, opened."""
        part = sums[:, k]
        if self._peepholes is not None:
            part = self._peepholes[k](part, c)
        return look_up(logistic_table(), self._normalized(part, k))

    def _normalized(self, part: np.ndarray, k: int) -> np.ndarray:
        return part if self._norms is None else self._norms[k](part)


class _Norm:
    """Layer normalization of one gate: whole numbers (batch, cells) to Q3."""

    def __init__(self, op: Op, places: LstmPlaces, gate: int, inputs: Arrays) -> None:
        scale = operand(op, places.norms[gate]).scale
        self._weights = inputs[places.norms[gate]].astype(np.int64)
        self._bias = inputs[places.biases[gate]].astype(np.int64)
        self._multiplier, self._shift = quantize_multiplier(scale)
        self._guard = max(1, int(np.float32(10000) * np.float32(scale)))  # in place of a variance below 1

    def __call__(self, part: np.ndarray) -> np.ndarray:
        x = part.astype(np.int64)
        multiplier, shift = self._inverse_deviation(x)
        centered = 1024 * x - self._mean(x)  # with ten bits behind the point
        normal = rescale(centered, multiplier, shift)
        y = wrapped(wrapped(normal * self._weights) + self._bias)
        y = np.sign(y) * ((np.abs(y) + 512) // 1024)
        return saturated(rescale(y, self._multiplier, self._shift + 12))

    def _mean(self, x: np.ndarray) -> np.ndarray:
        return _quotient(x.sum(axis=1, keepdims=True) * 1024, x.shape[1])

    def _inverse_deviation(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = self._mean(x)
        squares = (x * x).sum(axis=1, keepdims=True)
        variance = wrapped(_quotient(squares * ((1 << 20) // x.shape[1]) - mean * mean, 1 << 20))
        return inverse_sqrt(np.where(variance < 1, self._guard, variance))


def _of(places: Sequence[int], gates: Sequence[int]) -> list[int]:
    return [places[k] for k in gates]


def _gates_product(
    op: Op,
    operand_index: int,
    indices: list[int],
    inputs: Arrays,
    gate_scales: list[np.float32],
    biases: list[np.ndarray] | None,
) -> Rounded:
    """Return the product of an 8-bit operand and all gates' weights, each in steps of its gate's scale."""
    x = operand(op, operand_index)
    factors = [
        np.float32(operand(op, i).scale) * np.float32(x.scale) / scale
        for i, scale in zip(indices, gate_scales, strict=True)
    ]
    weights = [inputs[i] for i in indices]
    bias = None if biases is None else np.concatenate(biases)
    return _rounded_product(weights, factors, bias, -x.zero_point)


def _rounded_product(
    weights: list[np.ndarray], factors: Sequence[Any], bias: np.ndarray | None, offset: int
) -> Rounded:
    """Return the product of int8 rows plus ``offset`` and weights (columns, depth), plus bias, rescaled."""
    stacked = np.concatenate(weights).T
    matrix = exact_weights(stacked, 128)
    total = stacked.sum(axis=0, dtype=np.int64) * offset
    total = wrapped(total if bias is None else total + bias).astype(np.float64)
    per_column = np.repeat([float(f) for f in factors], [len(w) for w in weights])
    rounded = _rescaler(per_column, largest_sums(stacked, 128) + abs(total))

    def product(rows: np.ndarray) -> np.ndarray:
        sums = (rows.astype(matrix.dtype) @ matrix).astype(np.float64)
        sums += total
        return rounded(sums)

    return product


def _rescaler(factors: np.ndarray, largest: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return MultiplyByQuantizedMultiplier for whole numbers in float64, which it overwrites.

    See ``requantize`` for the formula. Up to 2**16, beyond which 16 bits are saturated all the same,
    float64 holds the products where the exponent is from 1 to 6.
    """
    multipliers, shifts = quantize_multipliers(factors)
    if len(shifts) and (shifts.max() > -1 or shifts.min() < -6 or largest.max() >= 2.0**31):
        return lambda sums: rescale_anywhere(wrapped(sums), multipliers, shifts).astype(np.float64)
    scale, beta = multipliers * 2.0 ** (shifts - 31), 2.0 ** (shifts - 1)

    def rescaled(sums: np.ndarray) -> np.ndarray:
        nudge = np.copysign(beta, sums)
        nudge += 0.5
        sums *= scale
        sums += nudge
        return np.asarray(np.floor(sums, out=sums))

    return rescaled


def _peepholes(
    op: Op, places: LstmPlaces, inputs: Arrays, scales: dict[int, np.float32]
) -> list[Callable[[np.ndarray, np.ndarray], np.ndarray]] | None:
    """Return what adds the cell state's part to a gate, for the input, forget and output gate."""
    if inputs[places.peepholes[-1]] is None:
        return None
    unit = 2.0 ** round(math.log2(operand(op, places.cell_state).scale))
    outputs, is_by_row = places.sizes(op)[2], not op.options.get("time_major", True)
    made = []
    for gate, i in zip((_INPUT, _FORGET, _OUTPUT), places.peepholes, strict=True):
        if gate in scales:
            factor = float(np.float32(unit * operand(op, i).scale / float(scales[gate])))
            made.append(_peephole(inputs[i].astype(np.int64), factor, outputs, is_by_row))
    return made


def _peephole(
    weights: np.ndarray, factor: float, outputs: int, is_by_row: bool
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return what adds the products of weights and cell state; only as many as there are outputs.

    So LiteRT does it, for each row of a batch by itself (``is_by_row``) or for all from the batch's start.
    """
    multiplier, shift = quantize_multiplier(factor)

    def add(part: np.ndarray, c: np.ndarray) -> np.ndarray:
        shape = (len(c), -1) if is_by_row else (1, -1)
        reached = outputs if is_by_row else len(c) * outputs
        products = np.tile(weights[:outputs], reached // outputs) * c.reshape(shape)[:, :reached]
        sums = part.reshape(shape).copy()
        sums[:, :reached] = saturated(sums[:, :reached] + rescale(products, multiplier, shift))
        return np.asarray(sums.reshape(part.shape))

    return add


def _finish(op: Op, places: LstmPlaces, inputs: Arrays) -> Callable[[np.ndarray], np.ndarray]:
    """Return what makes outputs of products of the output gate and the cell state's tanh."""
    hidden = op.intermediates[_HIDDEN]
    multiplier, shift = quantize_multiplier(float(np.float32(2.0**-15 / float(hidden.scale) * 2.0**-15)))

    def hide(products: np.ndarray, zero_point: int = hidden.zero_point) -> np.ndarray:
        return (rescale(products, multiplier, shift) + zero_point).clip(-128, 127).astype(np.int8)

    if inputs[places.projection] is None:
        return hide
    weights, state = inputs[places.projection], operand(op, places.output_state)
    factor = np.float32(operand(op, places.projection).scale) * np.float32(hidden.scale)
    factor = factor / np.float32(state.scale)
    # The hidden values' zero point is off twice: in LiteRT it goes in with the other sign.
    project = _rounded_product([weights], [factor], inputs[places.projection_bias], hidden.zero_point)
    limit = clip_steps(op.options.proj_clip, op.outputs[0].scale, -128, 127)

    def finish(products: np.ndarray) -> np.ndarray:
        y = (project(hide(products, -hidden.zero_point)) + state.zero_point).clip(-128, 127)
        return (y.clip(-limit, limit) if limit else y).astype(np.int8)

    return finish


def clip_steps(real: float, scale: float, low: int, high: int) -> int:
    """Return a clip in steps of a scale; 0 for none."""
    return int(min(max(np.float32(real) / np.float32(scale), low), high)) if real > 0 else 0


def _halved(x: np.ndarray, times: int) -> np.ndarray:
    """Return x / 2**times, halves away from zero."""
    return rounding_shift(x, times)


def _quotient(x: np.ndarray, divisor: int) -> np.ndarray:
    """Return x / divisor, cut towards zero."""
    return np.sign(x) * (np.abs(x) // divisor)  # type: ignore[no-any-return]


def integer_scales(places: LstmPlaces) -> Any:
    """Return the constraint on scales and on the intermediate tensors that hold some of them."""

    @needs(
        "one scale for each 8-bit tensor, peephole and norm, and for the intermediate tensors it uses; zero"
        " points of 0 for weights and biases"
    )
    def quantized(op: Op) -> str | None:
        if len(op.intermediates) != _HIDDEN + 1:
            return f"{len(op.intermediates)} intermediate tensors in place of {_HIDDEN + 1}"
        norms = any(given(op, i) is not None for i in places.norms)
        coupled = given(op, places.input_weights[_INPUT]) is None
        used = op.intermediates[int(coupled) : _HIDDEN] if norms else ()
        return one_scale_each(op, (*used, op.intermediates[_HIDDEN]))

    return quantized


def one_scale_each(op: Op, intermediates: Sequence[Tensor]) -> str | None:
    """Return in words which tensor has not one scale, or None."""
    tensors = [t for t in op.inputs if t is not None and t.dtype in ("int8", "int16")]
    for t in (*tensors, *intermediates, *op.outputs):
        if axis_scales_found(t) or not scaled(t):
            return f"{scales_found(t)} on {t.name!r}"
    constants = [t for t in op.inputs[1:] if t is not None and not t.is_variable]
    return next(filter(None, map(zero_point_found, constants)), None)


def cell_scale(places: LstmPlaces) -> Any:
    """Return the constraint on the scale of the cell state."""

    @needs("a power of two from 2**-15 to 2**-9 as the cell state's scale")
    def power_of_two(op: Op) -> str | None:
        scale = operand(op, places.cell_state).scale
        exponent = math.log2(scale) if scale > 0 else math.nan
        if abs(exponent - round(exponent)) < 1e-3 and -15 <= round(exponent) <= -9:
            return None
        return f"{scale:g}"

    return power_of_two


def peephole_size(places: LstmPlaces) -> Any:
    """Return the constraint that peepholes have as many weights as LiteRT reads."""

    @needs("no more outputs than cells where there are peepholes")
    def enough_cells(op: Op) -> str | None:
        _, cells, outputs = places.sizes(op)
        beyond = given(op, places.peepholes[-1]) is not None and outputs > cells
        return f"{outputs} outputs of {cells} cells" if beyond else None

    return enough_cells
