"""SQUEEZE: axes of size 1 removed; a view.

Source: tflite/kernels/squeeze.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of


def prepare(op: Op) -> Kernel:
    """Return x without the axes ``squeeze_dims``, or without all axes of size 1 if none is named."""
    shape, axes = shape_of(op.inputs[0]), _axes(op)
    kept = tuple(d for axis, d in enumerate(shape) if axis not in axes)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (x.reshape(kept),)

    return run


def _axes(op: Op) -> set[int]:
    shape, named = shape_of(op.inputs[0]), op.options.squeeze_dims
    if named is None or len(named) == 0:
        return {axis for axis, d in enumerate(shape) if d == 1}
    return {axis_of(int(axis), len(shape)) for axis in named}


@needs("axes of size 1 to squeeze")
def ones_to_squeeze(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    sizes = [shape[axis] for axis in _axes(op)]
    return None if all(d == 1 for d in sizes) else f"sizes {sizes} of shape {shape_text(shape)}"


SUPPORT = [
    OpSupport("SQUEEZE", (1, 2), "T -> T", T=EVERY_TYPE, constraints=(ones_to_squeeze,), kernel=prepare)
]
