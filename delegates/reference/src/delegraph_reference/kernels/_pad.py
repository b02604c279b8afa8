"""PAD and PADV2: what they share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import InputError, Op
from delegraph.rules import shape_of

from ._movement import ints, once

PADDINGS = "int32|int64|int8|int16|bool"  # the types LiteRT reads paddings of


def prepare_pad(op: Op) -> Callable[[np.ndarray, np.ndarray, object], np.ndarray]:
    """Return a function of (x, paddings, value) that gives x with values around it.

    ``paddings``: (axes of x, 2), how many values go before and behind.
    """
    shape = shape_of(op.inputs[0])
    frame = once(lambda paddings: _frame(shape, ints(paddings)), op.inputs[1])

    def padded(x: np.ndarray, paddings: np.ndarray, value: object) -> np.ndarray:
        size, inside = frame(paddings)
        out = np.full(size, value, x.dtype)
        out[inside] = x
        return out

    return padded


def _frame(shape: tuple[int, ...], paddings: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[slice, ...]]:
    """Return the padded shape, and where x lies in it."""
    before, after = paddings[::2], paddings[1::2]
    if len(paddings) != 2 * len(shape) or min(paddings, default=0) < 0:
        raise InputError(f"needs {len(shape)} pairs of paddings of at least 0, found {paddings}")
    inside = tuple(slice(b, b + d) for d, b in zip(shape, before, strict=True))
    return tuple(b + d + a for d, b, a in zip(shape, before, after, strict=True)), inside
