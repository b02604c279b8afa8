"""REDUCE_WINDOW: one value for each place of a window that slides over a tensor.

Source: tflite/kernels/reduce_window.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs
from delegraph.rules import one_scale_at_most, shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import ints, once
from ._sliding import Sliding, one_initial_value, reduce_windows


def prepare(op: Op) -> Kernel:
    """x: any shape; window sizes, strides and dilations have one number for each of its axes."""
    shape, reduce = shape_of(op.inputs[0]), _REDUCTIONS[op.options.reduce_function]
    windows = once(lambda *spec: _windows(shape, *map(ints, spec)), *op.inputs[2:])

    @quietly
    def run(x: np.ndarray, init: np.ndarray, *spec: np.ndarray) -> tuple[np.ndarray]:
        return (reduce_windows(x, init, windows(*spec), reduce),)

    return run


def _windows(shape: tuple[int, ...], *spec: tuple[int, ...]) -> Sliding:
    if any(len(values) != len(shape) or min(values, default=1) < 1 for values in spec):
        raise InputError(f"needs {len(shape)} sizes, strides and dilations of at least 1, found {spec}")
    return Sliding(*spec)


@needs("a known reduce_function")
def known_reduction(op: Op) -> str | None:
    name = op.options.reduce_function
    return None if name in _REDUCTIONS else str(name)


_REDUCTIONS = {
    "ADD": np.add,
    "MUL": np.multiply,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
    "ALL": np.logical_and,
    "ANY": np.logical_or,
}
SUPPORT = [
    OpSupport(
        "REDUCE_WINDOW",
        (1, 1),
        "T T int64 int64 int64 -> T",
        T="float32 float64 int8 uint8 int32 int64 bool",
        constraints=(known_reduction, one_initial_value, one_scale_at_most),
        kernel=prepare,
    )
]
