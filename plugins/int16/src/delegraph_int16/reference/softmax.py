"""SOFTMAX: exp(beta x) along the last axis, divided by its sum; the output has a scale of 1 / 32768.

The exponential of the distance from the row's largest value, down to exp(-10), and the reciprocal of the
sum are interpolated between 513 samples (``_interpolated``).

Source: tflite/kernels/activations.cc (SoftmaxPrepare), internal/reference/softmax.h (SoftmaxInt16).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from delegraph import Op, OpSupport, needs, quantize_multiplier, rescale
from delegraph.rules import has_an_axis, operand, output_steps
from delegraph_reference import Kernel, quietly

from ._interpolated import interpolated, sampled
from ._rules import one_scale_each, symmetric

_RANGE = (1 << 16) - 1  # from int16's smallest value to its largest
_LARGEST = (1 << 15) - 1
_REACH = 10.0  # exp(-10) is taken for the smallest exponential


def prepare(op: Op) -> Kernel:
    table = by_distance(op)

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        if not x.size:
            return (x,)
        distance = x.max(axis=-1, keepdims=True) - x  # 0 to 65535, if it wraps
        e = table.take(distance.view(np.uint16))
        total = e.sum(axis=-1, keepdims=True, dtype=np.int64)
        bits = np.frexp(total.astype(np.float64))[1]  # of the sum: at least 15, since a row has exp(0)
        above_one = (((total << (31 - bits)) + (1 << 13)) >> 14) - (1 << 16)  # of [1, 2), 16 bits
        share = reciprocals().take(above_one.clip(0, _RANGE))
        y = (e * share + (np.int64(1) << (bits - 2))) >> (bits - 1)
        return (y.clip(0, _LARGEST).astype(np.int16),)

    return run


def by_distance(op: Op) -> np.ndarray:
    """Return the exponentials of all distances from a row's largest value, int32."""
    place = rescale(-np.arange(_RANGE + 1), *quantize_multiplier(_factor(op))) + _RANGE
    return exponentials().take(place.clip(0, _RANGE)).astype(np.int32)


@cache
def exponentials() -> np.ndarray:
    """Return exp(x) in 15 bits for 65,536 x from -10 to 0."""
    samples = sampled(np.exp, _REACH / _RANGE, _LARGEST, 2 / _RANGE, 0, np.float64)
    return interpolated(samples, np.arange(-_LARGEST - 1, _LARGEST + 1))


@cache
def reciprocals() -> np.ndarray:
    """Return 1 / (1 + x) in 15 bits for 65,536 x from 0 to 1."""
    samples = sampled(lambda x: 1 / (1 + x), 1 / _RANGE, -_LARGEST - 1, 2 / _RANGE, 0, np.float64)
    return interpolated(samples, np.arange(-_LARGEST - 1, _LARGEST + 1))


def _factor(op: Op) -> float:
    """Return what brings distances to the table's scale; input scale times beta in float32."""
    with np.errstate(all="ignore"):
        scale = np.float32(operand(op, 0).scale) * np.float32(op.options.beta)
    return float(scale) / (_REACH / 65535.0)


@needs("a beta whose product with the input scale keeps distances within int32")
def fitting_beta(op: Op) -> str | None:
    factor = _factor(op)
    return None if 0 <= factor < 2**15 else f"a factor of {factor:.3g}"  # 2^16 * 2^15 = 2^31


SUPPORT = [
    OpSupport(
        "SOFTMAX",
        (1, 4),
        "int16 -> int16",
        (has_an_axis, symmetric, one_scale_each, output_steps(32768, 0.001), fitting_beta),
        prepare,
    )
]
