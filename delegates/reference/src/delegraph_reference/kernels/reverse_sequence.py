"""REVERSE_SEQUENCE: the first so many values along an axis, read backwards, a length for each batch.

Source: tflite/kernels/reverse_sequence.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of


def prepare(op: Op) -> Kernel:
    """Return x with, in slice b along ``batch_dim``, the first lengths[b] along ``seq_dim`` reversed."""
    shape = shape_of(op.inputs[0])
    along, batch = axis_of(op.options.seq_dim, len(shape)), axis_of(op.options.batch_dim, len(shape))
    at = np.arange(shape[along])

    def run(x: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray]:
        if lengths.size and not 0 <= lengths.min() <= lengths.max() <= shape[along]:
            raise InputError(f"needs lengths from 0 to {shape[along]}, found {lengths.tolist()}")
        ends = lengths[:, None]
        source = np.where(at < ends, ends - 1 - at, at)  # (batch, along)
        source = source if batch < along else source.T
        places = source.reshape([d if axis in (along, batch) else 1 for axis, d in enumerate(shape)])
        return (np.take_along_axis(x, places, along),)

    return run


@needs("a length for each entry of batch_dim, which is not seq_dim")
def lengths_of_batches(op: Op) -> str | None:
    shape, lengths, o = shape_of(op.inputs[0]), shape_of(op.inputs[1]), op.options
    rank = len(shape)
    along, batch = axis_of(o.seq_dim, rank), axis_of(o.batch_dim, rank)
    if along != batch and lengths == (shape[batch],):
        return None
    found = f"{shape_text(lengths)} lengths for shape {shape_text(shape)}"
    return f"{found}, seq_dim {o.seq_dim}, batch_dim {o.batch_dim}"


SUPPORT = [
    OpSupport(
        "REVERSE_SEQUENCE",
        (1, 1),
        "T int32|int64 -> T",
        T=EVERY_TYPE,
        constraints=(lengths_of_batches,),
        kernel=prepare,
    )
]
