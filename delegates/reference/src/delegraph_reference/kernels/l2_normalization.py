"""L2_NORMALIZATION: x divided by its length along the last axis, or by 1e-6 where that is more.

8 bits: fixed point; the output has a scale of 1 / 128.

Source: tflite/kernels/l2norm.cc, internal/reference/{l2normalization,integer_ops/l2normalization}.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport, rescale
from delegraph.rules import no_activation_and_some_axis, one_scale_each, operand, output_steps

from ..elementwise import quietly
from ..gemmlowp import inverse_sqrt
from ..kernel import Kernel
from ..lut import clipped

_LEAST_NORM = np.float32(1e-6)


def prepare_float(op: Op) -> Kernel:
    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        norm = np.sqrt(np.square(x).sum(axis=-1, keepdims=True))
        return (x / np.maximum(norm, _LEAST_NORM),)

    return run


def prepare_stored(op: Op) -> Kernel:
    zero_point, out = operand(op, 0).zero_point, op.outputs[0]
    dtype = DTYPES[out.dtype].numpy

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        steps = x.astype(np.int64) - zero_point
        inverse, shift = inverse_sqrt(np.square(steps).sum(axis=-1, keepdims=True))
        if out.dtype == "uint8":
            real = rescale(steps << 7, inverse, shift)
        else:
            real = rescale(steps, inverse, shift + 7)
        return (clipped(real + out.zero_point, out).astype(dtype),)

    return run


_AXIS = (no_activation_and_some_axis,)
SUPPORT = [
    OpSupport("L2_NORMALIZATION", (1, 2), "float32 -> float32", _AXIS, prepare_float),
    OpSupport(
        "L2_NORMALIZATION",
        (1, 2),
        "T -> T",
        (*_AXIS, one_scale_each, output_steps(128, int8=0, uint8=128)),
        prepare_stored,
        T="int8 uint8",
    ),
]
