"""LSTM cells in float32: peepholes, projection, layer normalization, coupled input and forget gates.

With i, f, u, o the input, forget, update and output gates, x the input and h, c the state::

    i, f, o = logistic(W x + R h + P c + b)      u = activation(W x + R h + b)      o sees the new c
    c = f * c + i * u                            h = projection(o * activation(c))

With layer normalization the sum of the products is brought to mean 0 and variance 1 and multiplied by
coefficients before b is added. Without an input gate, i = 1 - f.

Source: tflite/kernels/lstm_eval.cc (LstmStepFloat, LstmStepHybrid), lstm.cc (CheckInputTensorDimensions).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
from delegraph import Constraint, Op, frozen, needs
from delegraph.rules import given, matrix_shape, operand, operand_shape, wrong_shape

from .recurrent import (
    CURVES,
    Arrays,
    RowFunction,
    activation,
    has_integers,
    instants,
    logistic_for,
    product_with,
    wrong_size,
)

Indices = tuple[int, ...]

_INPUT, _FORGET, _UPDATE, _OUTPUT = range(4)  # the gates, in the order of an op's inputs
_ORDER = (_INPUT, _FORGET, _OUTPUT, _UPDATE)  # here: those with a logistic function side by side
_EPSILON = np.float32(1e-8)  # added to a variance


@frozen
class LstmPlaces:
    """Where a cell's tensors stand among the inputs of its op; gates as input, forget, update, output."""

    input_weights: Indices = (1, 2, 3, 4)  # (cells, depth)
    recurrent_weights: Indices = (5, 6, 7, 8)  # (cells, outputs), or (cells,) for a diagonal matrix
    peepholes: Indices = (9, 10, 11)  # (cells,) of input, forget and output gate
    biases: Indices = (12, 13, 14, 15)  # (cells,)
    projection: int = 16  # (outputs, cells)
    projection_bias: int = 17  # (outputs,)
    output_state: int = 18  # (batch, outputs)
    cell_state: int = 19  # (batch, cells)
    norms: Indices = ()  # (cells,)
    aux_weights: Indices = ()  # (cells, depth of the auxiliary input)

    @property
    def weights(self) -> list[int]:
        """The inputs that are weights: all but the state."""
        groups = (self.input_weights, self.recurrent_weights, self.peepholes, self.biases)
        ends = (self.projection, self.projection_bias)
        return [*chain(*groups, self.norms, self.aux_weights, ends)]

    def sizes(self, op: Op) -> tuple[int, int, int]:
        """Return the numbers of inputs, cells and outputs."""
        cells, depth = matrix_shape(op, self.input_weights[_OUTPUT])
        *_, outputs = operand_shape(op, self.recurrent_weights[_OUTPUT]) or (cells,)
        return depth, cells, outputs


class LstmCell:
    """A cell with its weights, ready to take steps.

    :param inputs: the op's inputs; the weights among them are read
    """

    def __init__(self, op: Op, places: LstmPlaces, inputs: Arrays) -> None:
        gates = [k for k in _ORDER if inputs[places.input_weights[k]] is not None]
        self._has_input_gate = _INPUT in gates
        self._cells, self._outputs = places.sizes(op)[1:]
        self._activation = activation(op, places.input_weights[_OUTPUT])
        self._logistic = logistic_for(op, places.input_weights[_OUTPUT])
        self._cell_clip, self._projection_clip = op.options.cell_clip, op.options.proj_clip
        self._of_input = product_with(op, [places.input_weights[k] for k in gates], inputs)
        self._of_aux = None
        if places.aux_weights and inputs[places.aux_weights[_FORGET]] is not None:
            self._of_aux = product_with(op, [places.aux_weights[k] for k in gates], inputs)
        self._of_state = _of_state(op, [places.recurrent_weights[k] for k in gates], inputs)
        self._biases = np.stack([inputs[places.biases[k]] for k in gates])
        self._norms = None
        if places.norms and inputs[places.norms[_FORGET]] is not None:
            self._norms = np.stack([inputs[places.norms[k]] for k in gates])
        self._peepholes = _peepholes(op, places, inputs, self._has_input_gate)
        self._project = _projection(op, places, inputs)

    def run(
        self, x: np.ndarray, aux: np.ndarray | None, h: np.ndarray, c: np.ndarray, backward: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the outputs (time, batch, outputs) and the state after the last step.

        :param x: (time, batch, depth)
        :param aux: another input, (time, batch, other depth)
        :param h: output state, (batch, outputs)
        :param c: cell state, (batch, cells)
        """
        from_inputs = self._of_inputs(x, aux)
        outputs = np.empty((*x.shape[:2], self._outputs), np.float32)
        for t in instants(len(x), backward):
            h, c = self._step(from_inputs[t], h, c)
            outputs[t] = h
        return outputs, h, c

    def _of_inputs(self, x: np.ndarray, aux: np.ndarray | None) -> np.ndarray:
        """Return what the gates get from the inputs at all times: (time, batch, gates, cells)."""
        sums = self._of_input(x.reshape(-1, x.shape[2]))
        sums = sums.reshape(*x.shape[:2], sums.shape[1] // self._cells, self._cells)
        if self._norms is None:
            sums += self._biases
        if aux is not None and self._of_aux is not None:
            sums += self._of_aux(aux.reshape(-1, aux.shape[2])).reshape(sums.shape)
        return sums

    def _step(self, sums: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sums = sums + self._of_state(h).reshape(sums.shape)
        gates = slice(0, -1)  # with a logistic function, as far as they are known
        if self._peepholes is not None:
            gates = slice(0, -2)
            sums[:, gates] += self._peepholes[:-1] * c[:, None]
        self._open(sums, gates)
        update = self._activation(self._normalized(sums, slice(-1, None))[:, 0])
        forget = sums[:, -3]
        c = forget * c
        c += update * (sums[:, 0] if self._has_input_gate else np.float32(1) - forget)
        if self._cell_clip > 0:
            c.clip(-self._cell_clip, self._cell_clip, out=c)
        if self._peepholes is not None:
            sums[:, -2] += self._peepholes[-1] * c
            self._open(sums, slice(-2, -1))
        h = self._activation(c) * sums[:, -2]
        return self._projected(h), c

    def _open(self, sums: np.ndarray, gates: slice) -> None:
        sums[:, gates] = self._logistic(self._normalized(sums, gates))

    def _normalized(self, sums: np.ndarray, gates: slice) -> np.ndarray:
        part = sums[:, gates]
        if self._norms is None:
            return part
        part = part - part.mean(axis=2, keepdims=True, dtype=np.float32)
        variance = np.square(part).mean(axis=2, keepdims=True, dtype=np.float32)
        part *= np.float32(1) / np.sqrt(variance + _EPSILON)
        return np.asarray(part * self._norms[gates] + self._biases[gates])

    def _projected(self, h: np.ndarray) -> np.ndarray:
        if self._project is None:
            return h
        h = self._project(h)
        if self._projection_clip > 0:
            h.clip(-self._projection_clip, self._projection_clip, out=h)
        return h


def _of_state(op: Op, indices: list[int], inputs: Arrays) -> RowFunction:
    """Return the product of the output state and the recurrent weights; diagonal ones are floats."""
    diagonal = [i for i in indices if inputs[i].ndim == 1]
    if not diagonal:
        return product_with(op, indices, inputs)
    if len(diagonal) < len(indices):  # each gate by itself
        parts = [_of_state(op, [i], inputs) for i in indices]
        return lambda h: np.concatenate([part(h) for part in parts], axis=1)
    weights = np.stack([inputs[i] for i in indices])
    return lambda h: (weights * h[:, None]).reshape(len(h), weights.size)


def _peepholes(op: Op, places: LstmPlaces, inputs: Arrays, has_input_gate: bool) -> np.ndarray | None:
    """Return the peephole weights, (gates, cells), float32; None without peepholes."""
    if inputs[places.peepholes[-1]] is None:
        return None
    indices = places.peepholes if has_input_gate else places.peepholes[1:]
    return np.stack([_real(op, i, inputs[i]) for i in indices])


def _real(op: Op, index: int, stored: np.ndarray) -> np.ndarray:
    if not has_integers(op, index):
        return stored
    return np.asarray(stored.view(np.int8).astype(np.float32) * np.float32(operand(op, index).scale))


def _projection(op: Op, places: LstmPlaces, inputs: Arrays) -> RowFunction | None:
    if inputs[places.projection] is None:
        return None
    product, bias = product_with(op, [places.projection], inputs), inputs[places.projection_bias]
    return product if bias is None else lambda h: product(h) + bias


def fitting(places: LstmPlaces, batch_of: Callable[[Op], int]) -> Constraint:
    """Return the constraint on a cell's shapes, and on what it may leave out."""

    @needs("weights, biases and states whose shapes fit each other")
    def fitting_shapes(op: Op) -> str | None:
        depth, cells, outputs = places.sizes(op)
        expected: dict[int, tuple[int, ...]] = {}
        expected |= dict.fromkeys(places.input_weights, (cells, depth))
        for i in places.recurrent_weights:
            t = given(op, i)
            diagonal = t is not None and t.shape is not None and len(t.shape) == 1
            expected[i] = (cells,) if diagonal else (cells, outputs)
        expected |= dict.fromkeys((*places.peepholes, *places.biases, *places.norms), (cells,))
        expected |= {places.projection: (outputs, cells), places.projection_bias: (outputs,)}
        batch = batch_of(op)
        states = {places.output_state: batch * outputs, places.cell_state: batch * cells}
        return wrong_shape(op, expected) or wrong_size(op, states)

    return fitting_shapes


def complete(places: LstmPlaces) -> Constraint:
    """Return the constraint that optional tensors come together."""

    @needs("the input gate's tensors all or none, and the same of peepholes, layer norm and projection")
    def all_or_none(op: Op) -> str | None:
        def missing(indices: Indices) -> list[int]:
            return [i for i in indices if given(op, i) is None]

        gate = (places.input_weights[_INPUT], places.recurrent_weights[_INPUT], places.biases[_INPUT])
        coupled = bool(missing(gate[:1]))
        groups: dict[str, Indices] = {"the input gate": gate}
        for name, group in (("peepholes", places.peepholes), ("layer norm", places.norms)):
            groups[name] = group[1:] if coupled else group
        if coupled and places.norms and not missing(places.norms[:1]):
            return f"layer norm's input {places.norms[0]} without an input gate"
        for name, group in groups.items():
            if 0 < len(missing(group)) < len(group):
                return f"{name} without input {missing(group)[0]}"
        if missing((places.projection,)) and not missing((places.projection_bias,)):
            return "a projection's bias without its weights"
        if missing((places.projection,)) and len({*places.sizes(op)[1:]}) > 1:
            return f"{places.sizes(op)[2]} outputs of {places.sizes(op)[1]} cells without a projection"
        return None

    return all_or_none


@needs("a fused activation")
def some_activation(op: Op) -> str | None:
    """Without one, LiteRT multiplies the output gate by what an earlier step left in a buffer."""
    return None if op.options.fused_activation_function in CURVES.keys() - {"NONE"} else "NONE"
