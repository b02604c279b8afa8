"""Rows that claim what numpy's claim, and what kernels with constant weights need besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from delegraph import Constraint, Op, OpSupport, evolve
from delegraph.rules import given
from delegraph_opencl import Kernel, Packed, Value

from ..reference._rules import unscaled


def as_numpy(rows: Iterable[OpSupport], kernel: Kernel, *constraints: Constraint) -> list[OpSupport]:
    """Return numpy's rows of an op with a kernel of this delegate.

    :param constraints: constraints besides those of numpy's rows
    """
    return [evolve(row, kernel=kernel, constraints=(*row.constraints, *constraints)) for row in rows]


def data_of(op: Op, index: int) -> np.ndarray | None:
    """Return the numbers of a constant input, as stored; None for one that is absent."""
    tensor = given(op, index)
    return None if tensor is None else tensor.data


def reordered(op: Op, order: Sequence[int]) -> Op:
    """Return an op with some of its inputs, in another order."""
    return evolve(op, inputs=tuple(given(op, i) for i in order))


def scaled(rows: Iterable[OpSupport]) -> list[OpSupport]:
    """Return those of numpy's rows whose int16 tensors have scales."""
    return [row for row in rows if unscaled not in row.constraints]


def wrapping(rows: Iterable[OpSupport]) -> list[OpSupport]:
    """Return those of numpy's rows whose int16 tensors have no scales: what does not fit wraps."""
    return [row for row in rows if unscaled in row.constraints]


def as_int16(value: Value) -> Value | Packed:
    """Return an operand; a constant one as int16, if it has 8 bits less its zero point."""
    if not value.is_constant:
        return value
    tensor, start = value.root.tensor, value.root_offset
    assert tensor.data is not None
    stored = tensor.data.reshape(-1)[start : start + value.size]
    offset = 0 if tensor.dtype == "int16" else tensor.zero_point

    def make() -> np.ndarray:
        return np.asarray(np.subtract(stored, offset, dtype=np.int16))

    return Packed(f"tensor {tensor.index} from {start}: {value.size} as int16", make)
