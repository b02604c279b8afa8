"""What an LSTM of floats holds inside: its cells after each step, the gates before they are normalized, and
what it would give without its projection. Integers need the ranges of these, and no tensor shows them.

    i, f, u, o = gates of W x + R h + p c         c = f c + i u        hidden = o activation(c)

Source: tflite/kernels/lstm_eval.cc (LstmStepFloat).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from delegraph import Op

from ..spec import CELL, HIDDEN, gate_name

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
_TINY = 1e-8  # added to the variance, as the kernel does
_WEIGHTS, _RECURRENT, _PEEPHOLES, _BIASES, _NORMS = 1, 5, 9, 12, 20
_PROJECTION, _PROJECTION_BIAS, _OUTPUT_STATE, _CELL_STATE = 16, 17, 18, 19
_INPUT, _FORGET, _UPDATE, _OUTPUT = range(4)

Values = Mapping[int, np.ndarray]  # of the inputs that are there, by their places


def seen_inside(op: Op, arrays: Sequence[Any]) -> dict[str, np.ndarray]:
    """Return the values inside an LSTM while it runs on these inputs; {} of any other op."""
    if op.name != LSTM or op.options.fused_activation_function != "TANH":
        return {}
    values = _values(op, arrays)
    if any(v.dtype != np.float32 for v in values.values()):
        return {}
    cell = _FloatCell(values, op.options)
    steps = [cell.step(at) for at in _by_step(op, values[0])]
    return {name: np.stack([step[name] for step in steps]) for name in steps[0]} if steps else {}


def read_by_gates(op: Op, x: np.ndarray) -> np.ndarray:
    """Return what the gates of an LSTM of floats read at all steps of a sample: its input, and beside it
    what it gave a step before, from a state of zeros on; (steps · batch, input + output).
    """
    states = [np.zeros(t.shape or (), np.float32) if t and t.is_variable else None for t in op.inputs]
    cell = _FloatCell(_values(op, [x, *states[1:]]), op.options)
    rows = []
    for at in _by_step(op, x):
        rows.append(np.hstack([at, cell.output]))
        cell.step(at)
    return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)


def _values(op: Op, arrays: Sequence[Any]) -> Values:
    return {
        p: np.asarray(a if t.data is None else t.data)
        for p, (t, a) in enumerate(zip(op.inputs, arrays, strict=True))
        if t is not None
    }


def _by_step(op: Op, x: np.ndarray) -> np.ndarray:
    return x if op.options.time_major else x.swapaxes(0, 1)


class _FloatCell:
    def __init__(self, values: Values, options: Any) -> None:
        self._values = values
        self._clips = options.cell_clip, options.proj_clip
        self.output, self._c = values[_OUTPUT_STATE], values[_CELL_STATE]

    def step(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Take a step; return what was inside."""
        forget, update = self._gate(x, _FORGET), self._gate(x, _UPDATE)
        f, u = _logistic(self._finished(forget, _FORGET)), np.tanh(self._finished(update, _UPDATE))
        gates = {_FORGET: forget, _UPDATE: update}
        if _WEIGHTS + _INPUT in self._values:
            gates[_INPUT] = self._gate(x, _INPUT)
            i = _logistic(self._finished(gates[_INPUT], _INPUT))
        else:
            i = 1 - f
        self._c = _clipped(f * self._c + i * u, self._clips[0])
        gates[_OUTPUT] = self._gate(x, _OUTPUT)
        hidden = _logistic(self._finished(gates[_OUTPUT], _OUTPUT)) * np.tanh(self._c)
        self.output = self._projected(hidden)
        return {gate_name(g): z for g, z in gates.items()} | {CELL: self._c, HIDDEN: hidden}

    def _gate(self, x: np.ndarray, gate: int) -> np.ndarray:
        z = x @ self._values[_WEIGHTS + gate].T + self.output @ self._values[_RECURRENT + gate].T
        place = _PEEPHOLE_OF.get(gate, -1)
        return np.asarray(z + self._values[place] * self._c if place in self._values else z)

    def _finished(self, z: np.ndarray, gate: int) -> np.ndarray:
        norm, bias = self._values.get(_NORMS + gate), self._values.get(_BIASES + gate, np.float32(0))
        if norm is None:
            return np.asarray(z + bias)
        centered = z - z.mean(axis=1, keepdims=True)
        deviation = np.sqrt(np.square(centered).mean(axis=1, keepdims=True) + _TINY)
        return np.asarray(centered / deviation * norm + bias)

    def _projected(self, hidden: np.ndarray) -> np.ndarray:
        weights = self._values.get(_PROJECTION)
        if weights is None:
            return hidden
        return _clipped(
            hidden @ weights.T + self._values.get(_PROJECTION_BIAS, np.float32(0)), self._clips[1]
        )


_PEEPHOLE_OF = {_INPUT: _PEEPHOLES, _FORGET: _PEEPHOLES + 1, _OUTPUT: _PEEPHOLES + 2}


def _clipped(values: np.ndarray, limit: float) -> np.ndarray:
    return values.clip(-limit, limit) if limit > 0 else values


def _logistic(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)  # never overflows
