"""Ops on 8-bit tensors as tables: an entry per stored value, made in prepare, or per pair of them.

A formula gets stored values as int64 and returns stored values, element by element; it is called with all
there are::

    def negation(op):
        return lambda q: np.clip(-q, -128, 127)

    OpSupport("NEG", (1, 1), "int8 -> int8", kernel=by_value(negation))
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import DTYPES, Op, Tensor, round_half_away

from .elementwise import to_int32
from .kernel import Kernel, Prepare

Formula = Callable[..., np.ndarray]
_PAIRS = 1 << 16  # of stored values, of 8 bits each
_CALL = 1 << 12  # values that a formula computes in the time of a call for none


def by_value(formula_of: Callable[[Op], Formula]) -> Prepare:
    """Return the prepare function of an op with one input of 8 or 16 bits."""

    def prepare(op: Op) -> Kernel:
        return _one_input(_table(formula_of(op), op.outputs[0], stored_values(op.inputs[0])))

    return prepare


def by_pair(formula_of: Callable[[Op], Formula]) -> Prepare:
    """Return the prepare function of an op with two 8-bit inputs, which are broadcast."""

    def prepare(op: Op) -> Kernel:
        values = [stored_values(t) for t in op.inputs]
        fixed = _fixed_operand(op)
        if fixed is None:
            return _two_inputs(formula_of(op), values[0][:, None], values[1], op.outputs[0])
        values[fixed] = values[fixed][[_byte(op.inputs[fixed])]]
        run = _one_input(_table(formula_of(op), op.outputs[0], *values))
        return lambda *inputs: run(inputs[1 - fixed])

    return prepare


def by_real_value(function: Callable[[np.ndarray], np.ndarray]) -> Prepare:
    """Return the prepare function of an op that is ``function`` of real float32 values.

    Source: tflite/kernels/internal/common.h (LUTPopulate): all steps in float32.
    """

    def formula(op: Op) -> Formula:
        return lambda q: requantized(function(dequantized(q, op.inputs[0])), op.outputs[0])

    return by_value(formula)


def stored_values(tensor: Tensor | None) -> np.ndarray:
    """Return all values that an element of 8 or 16 bits can hold, int64, in the order of their bits."""
    assert tensor is not None
    dtype = DTYPES[tensor.dtype].numpy
    unsigned = np.dtype(f"u{dtype.itemsize}")
    return np.arange(1 << 8 * dtype.itemsize, dtype=unsigned).view(dtype).astype(np.int64)


def dequantized(stored: np.ndarray, tensor: Tensor | None) -> np.ndarray:
    """Return scale * (stored - zero_point), rounded to float32 once."""
    assert tensor is not None
    return np.asarray((stored - tensor.zero_point).astype(np.float32) * np.float32(tensor.scale))


def requantized(real: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return real * (1 / scale) + zero_point as stored values, halves away from zero, all in float32.

    LiteRT converts to int32 before it clips uint8, and after it clips int8.
    """
    steps = round_half_away(real * (np.float32(1) / np.float32(tensor.scale)))
    stored = steps + np.float32(tensor.zero_point)
    return clipped(to_int32(stored) if tensor.dtype == "uint8" else stored, tensor)


def clipped(stored: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return the values with those beyond the range of the tensor's type moved to its ends."""
    info = np.iinfo(DTYPES[tensor.dtype].numpy)
    return within(stored, (info.min, info.max))


def within(stored: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    """Return the values with those beyond the limits moved to them."""
    return np.asarray(np.clip(stored, *limits))


def _table(formula: Formula, out: Tensor, *values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return formula(*values).astype(DTYPES[out.dtype].numpy)


def _one_input(table: np.ndarray) -> Kernel:
    return _translate(table) if table.size == 256 and table.itemsize == 1 else _take(table)


def _translate(table: np.ndarray) -> Kernel:
    """Look bytes up through bytes.translate: half the time of numpy's take, which widens each index."""
    entries, dtype = table.tobytes(), table.dtype

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        # Not bytearray(x), which takes a scalar for a length.
        return (np.ndarray(x.shape, dtype, bytearray(x.data).translate(entries)),)

    return run


def _take(table: np.ndarray) -> Kernel:
    bits = np.uint8 if table.size == 256 else np.uint16

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.asarray(table.take(x.view(bits))),)

    return run


def _two_inputs(formula: Formula, x_values: np.ndarray, y_values: np.ndarray, out: Tensor) -> Kernel:
    """Look pairs up in a table, from the run on in which making it is worth while."""
    entries = None
    left = _PAIRS

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        nonlocal entries, left
        if entries is None:
            pairs = np.broadcast(x, y)
            left -= max(pairs.size, _CALL)
            if left > 0:
                stored = (np.atleast_1d(operand).astype(np.int64) for operand in (x, y))
                return (_table(formula, out, *stored).reshape(pairs.shape),)
            entries = _table(formula, out, x_values, y_values).reshape(-1)
        pair = np.left_shift(x.view(np.uint8), 8, dtype=np.uint16) | y.view(np.uint8)
        return (np.asarray(entries.take(pair)),)

    return run


def _fixed_operand(op: Op) -> int | None:
    """Return which of two operands is one constant value that does not change the other's shape."""
    for i in (1, 0):
        fixed, other = op.inputs[i], op.inputs[1 - i]
        assert fixed is not None
        assert other is not None
        if fixed.is_constant and fixed.size == 1 and len(fixed.shape or ()) <= len(other.shape or ()):
            return i
    return None


def _byte(tensor: Tensor | None) -> int:
    assert tensor is not None
    assert tensor.data is not None
    return int(tensor.data.reshape(-1).view(np.uint8)[0])
