"""The logistic function as LOGISTIC and TANH of int16 have it: 256 samples, straight lines between.

Source: tflite/kernels/activations.cc (SigmoidPrepare, TanhPrepare), internal/reference/integer_ops/
{logistic,tanh}.h; the samples are sigmoid_table_uint16, in internal/quantization_util.cc.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from delegraph import Op, needs
from delegraph.rules import operand
from delegraph_reference import Formula

from ._powers import power_of_two

_LAST = 255


def logistic_of(x: np.ndarray, bits: int, last: int) -> np.ndarray:
    """Return 1 / (1 + exp(-x / (24 * 2**bits))) for x >= 0, times 2**(16 + bits); int64.

    :param last: what it is behind the last sample
    """
    place = x >> bits
    start = _samples().take(place, mode="clip")
    slope = _samples().take(place + 1, mode="clip") - start
    return np.where(place >= _LAST, last, (start << bits) + (x & ((1 << bits) - 1)) * slope)


def in_24ths(op: Op, shifts: tuple[int, ...]) -> Formula:
    """Return a function that brings stored values to steps of 1 / (3 * 4096).

    :param shifts: powers of two that a scale may be, counted from 1 / 4096, for a multiplier of 3 times it;
        the multiplier of other scales has 15 bits
    """
    scale = operand(op, 0).scale
    power = power_of_two(scale)
    if power is not None and power + 12 in shifts:
        return lambda q: q * (3 << power + 12)
    multiplier, shift = _multiplier(scale)
    half = (1 << shift) >> 1
    return lambda q: (q * multiplier + half) >> shift


def _multiplier(scale: float) -> tuple[int, int]:
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2, shift + 1
    return int(multiplier), shift


@cache
def _samples() -> np.ndarray:
    """Return 1 / (1 + exp(-i / 24)) in 16 bits for i from 0 to 255, as straight lines want it.

    Half of what the line to the next sample errs by in the middle is taken off each.
    """

    def exact(x: np.ndarray) -> np.ndarray:
        return 65536 / (1 + np.exp(x / -24))

    at = np.arange(_LAST + 1.0)
    error = (exact(at) + exact(at + 1)) / 2 - exact(at + 0.5)
    samples = np.asarray(np.rint(exact(at) - error / 2), np.int64)
    samples[_LAST] = 65535
    return samples


@needs("an input scale whose multiplier keeps a value within int32")
def fitting_input(op: Op) -> str | None:
    scale = operand(op, 0).scale
    return None if scale * 4096 * 3 < 2**16 else f"{scale:g}"
