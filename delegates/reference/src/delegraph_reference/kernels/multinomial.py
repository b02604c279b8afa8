"""MULTINOMIAL: random classes, each as likely as its logit says.

Source: tflite/kernels/random_ops.cc (GenerateMultinomialNumbers).
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import scalar
from ._philox import Stream, unit_doubles


def prepare(op: Op) -> Kernel:
    """logits: (batch, classes) -> (batch, samples). Infinite logits and NaN are never drawn."""
    stream, dtype = Stream(op), np.dtype(op.outputs[0].dtype)

    @quietly
    def run(logits: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray]:
        batch, count = len(logits), scalar(samples)
        if count < 0:
            raise InputError(f"needs a number of samples of at least 0, found {count}")
        unit = unit_doubles(stream.peek(2 * batch * count)).reshape(batch, count)
        # TensorFlow leaves a wide gap before the next run, and LiteRT with it.
        stream.skip(batch * (-(-count // 4) * 4) * 2 * 256)
        drawn = [_drawn(row, u) for row, u in zip(logits, unit, strict=True)]
        return (np.array(drawn, dtype).reshape(batch, count),)

    return run


def _drawn(logits: np.ndarray, unit: np.ndarray) -> np.ndarray:
    finite = np.isfinite(logits)
    largest = logits[finite].max(initial=np.finfo(np.float32).min).astype(np.float64)
    weights = np.exp(np.where(finite, logits, -np.inf).astype(np.float64) - largest)
    ends = np.add.accumulate(weights)
    return np.asarray(np.searchsorted(ends, unit * ends[-1], "right"))


@needs("a matrix of logits with at least one class")
def matrix_of_logits(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return None if len(shape) == 2 and shape[1] > 0 else f"shape {shape_text(shape)}"


SUPPORT = [
    OpSupport(
        "MULTINOMIAL",
        (1, 1),
        "float32 int32 -> int32|int64",
        constraints=(matrix_of_logits,),
        kernel=prepare,
    )
]
