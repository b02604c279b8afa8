"""MIRROR_PAD: a tensor continued by its own reflection.

Source: tflite/kernels/mirror_pad.cc (GetInputDimension).
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import same_quantization, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    """Return x mirrored at its edges by ``paddings`` (axes of x, 2).

    REFLECT leaves the edge itself out of the reflection, SYMMETRIC repeats it.
    """
    shape, without_edge = shape_of(op.inputs[0]), op.options.mode == "REFLECT"
    sources = once(lambda paddings: _sources(shape, ints(paddings), int(without_edge)), op.inputs[1])

    def run(x: np.ndarray, paddings: np.ndarray) -> tuple[np.ndarray]:
        for axis, source in sources(paddings):
            x = x.take(source, axis)
        return (x,)

    return run


def _sources(
    shape: tuple[int, ...], paddings: tuple[int, ...], offset: int
) -> list[tuple[int, np.ndarray]]:
    """Return for each padded axis the index in x that each position of the output takes."""
    if len(paddings) != 2 * len(shape) or min(paddings, default=0) < 0:
        raise InputError(f"needs {len(shape)} pairs of paddings of at least 0, found {paddings}")
    pairs = zip(shape, paddings[::2], paddings[1::2], strict=True)
    return [(axis, _reflected(*spec, offset)) for axis, spec in enumerate(pairs) if any(spec[1:])]


def _reflected(size: int, before: int, after: int, offset: int) -> np.ndarray:
    most = size - offset
    if max(before, after) > most:
        raise InputError(f"needs paddings of at most {most} for size {size}, found {before} and {after}")
    front = np.arange(before - 1, -1, -1) + offset
    return np.concatenate([front, np.arange(size), size - 1 - offset - np.arange(after)])


SUPPORT = [
    OpSupport(
        "MIRROR_PAD",
        (1, 3),
        "T int32|int64 -> T",
        T=EVERY_TYPE,
        constraints=(same_quantization(slice(1)),),
        kernel=prepare,
    )
]
