"""SOFTMAX: exp(beta x) along the last axis, divided by its sum.

8 bits: exponentials and sum in fixed point; the output has a scale of 1 / 256 (8 bits) or 1 / 32768.

Source: tflite/kernels/activations.cc (SoftmaxPrepare), internal/reference/softmax.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport
from delegraph.rules import has_an_axis, one_scale_each, output_steps, softmax_scale

from .. import transcendental
from ..elementwise import finite, quietly
from ..gemmlowp import high_mul, reciprocal, rounding_shift
from ..kernel import Kernel
from ._exp_table import beta_scale, table_of_exponentials


def prepare_float(op: Op) -> Kernel:
    beta = np.float32(op.options.beta)

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        y = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
        if beta != 1:
            y *= beta
        transcendental.exp(y, out=y)
        y /= y.sum(axis=-1, keepdims=True)
        return (y,)

    return run


def prepare_half(op: Op) -> Kernel:
    """Return a kernel that computes in float32, but divides exponentials that it has rounded to float16."""
    beta = np.float32(op.options.beta)

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        y = x.astype(np.float32)
        y -= y.max(axis=-1, keepdims=True, initial=-np.inf)
        transcendental.exp(y * beta, out=y)
        total = y.sum(axis=-1, keepdims=True)
        return ((y.astype(np.float16).astype(np.float32) / total).astype(np.float16),)

    return run


def prepare_stored(op: Op) -> Kernel:
    """Return a kernel that looks exponentials up by their distance from the largest value of their row."""
    exponentials, terms = table_of_exponentials(beta_scale(op))
    dtype = DTYPES[op.outputs[0].dtype].numpy
    info = np.iinfo(dtype)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        nearest = x.max(axis=-1, keepdims=True, initial=np.iinfo(x.dtype).min)
        distance = nearest.view(np.uint8) - x.view(np.uint8)  # 0..255, even if it wraps
        # LiteRT dies of sums from 512 on (8-bit output), overflows int32 from 4096 on; here they saturate.
        total = np.minimum(terms.take(distance).sum(axis=-1, keepdims=True), 2**31 - 1)
        inverse, shift = reciprocal(total, 12)
        shift = shift + 31 - info.bits
        by_distance = x.shape[-1] > 256  # then all 256 distances of a row are less work
        e = exponentials if by_distance else exponentials.take(distance)
        y = rounding_shift(high_mul(inverse, e), shift)
        y = np.minimum(y + info.min, info.max).astype(dtype)
        return (np.take_along_axis(y, distance.astype(np.intp), axis=-1) if by_distance else y,)

    return run


_STORED = (has_an_axis, one_scale_each, softmax_scale, finite(beta_scale))
SUPPORT = [
    OpSupport("SOFTMAX", (1, 4), "float16 -> float16", (has_an_axis,), prepare_half),
    OpSupport("SOFTMAX", (1, 4), "float32 -> float32", (has_an_axis,), prepare_float),
    OpSupport(
        "SOFTMAX",
        (1, 4),
        "T -> T",
        (*_STORED, output_steps(256, 0.001, int8=-128, uint8=0)),
        prepare_stored,
        T="int8 uint8",
    ),
    OpSupport(
        "SOFTMAX",
        (1, 4),
        "T -> int16",
        (*_STORED, output_steps(65536, 0.001, int16=-32768)),
        prepare_stored,
        T="int8 uint8",
    ),
]
