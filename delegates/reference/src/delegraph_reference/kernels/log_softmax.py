"""LOG_SOFTMAX: x less the logarithm of the sum of exp(x) along the last axis.

8 bits: fixed point; the output has a scale of 1 / 16 and its type's largest value as zero point.

Source: tflite/kernels/activations.cc (LogSoftmaxPrepare), internal/reference/integer_ops/log_softmax.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport, quantize_multiplier, rescale
from delegraph.rules import has_an_axis, one_scale_each, output_steps, softmax_scale

from .. import transcendental
from ..elementwise import quietly
from ..gemmlowp import log_above_one, rounding_shift
from ..kernel import Kernel
from ._exp_table import (
    beta_scale,
    distance_multiplier,
    rescaled_distances,
    table_of_exponentials,
)


def prepare_float(op: Op) -> Kernel:
    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        y = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
        total = transcendental.exp(y).sum(axis=-1, keepdims=True)
        y -= transcendental.log(total)
        return (y,)

    return run


def prepare_stored(op: Op) -> Kernel:
    step = beta_scale(op)
    scaled, reach = rescaled_distances(step)
    _, terms = table_of_exponentials(step)
    multiplier, shift = distance_multiplier(step)
    to_steps = quantize_multiplier(2.0 ** (31 - shift) / multiplier)
    dtype = DTYPES[op.outputs[0].dtype].numpy
    info = np.iinfo(dtype)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        nearest = x.max(axis=-1, keepdims=True, initial=np.iinfo(x.dtype).min)
        distance = nearest.view(np.uint8) - x.view(np.uint8)  # 0..255, even if it wraps
        total = np.minimum(terms.take(distance).sum(axis=-1, keepdims=True), 2**31 - 1)
        log = log_above_one(total)
        y = np.clip(rounding_shift(scaled.take(distance) - log, 22) + info.max, info.min, info.max)
        farthest = np.minimum(reach, -rescale(log - (1 << 31), *to_steps) - 1)
        return (np.where(distance <= farthest, y, info.min).astype(dtype),)

    return run


SUPPORT = [
    OpSupport("LOG_SOFTMAX", (1, 2), "float32 -> float32", (has_an_axis,), prepare_float),
    OpSupport(
        "LOG_SOFTMAX",
        (1, 2),
        "T -> T",
        (has_an_axis, one_scale_each, softmax_scale, output_steps(16, int8=127, uint8=255)),
        prepare_stored,
        T="int8 uint8",
    ),
]
