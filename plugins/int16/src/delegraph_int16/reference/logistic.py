"""LOGISTIC: 1 / (1 + exp(-x)) on int16, interpolated between 256 samples; the output's scale is 1 / 32768.

Source: tflite/kernels/activations.cc (SigmoidPrepare), internal/reference/integer_ops/logistic.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import output_steps
from delegraph_reference import Formula, by_value

from ._rules import one_scale_each, symmetric
from ._sigmoid import fitting_input, in_24ths, logistic_of

_BITS = 9  # behind the point of a sample's place: steps of 1 / (24 * 2**9) = 1 / (3 * 4096)
_ONE = 1 << 16 + _BITS
_HALF = 1 << 9  # of a step of the output


def formula_of(op: Op) -> Formula:
    to_24ths = in_24ths(op, (0,))
    return lambda q: logistic(to_24ths(q))


def logistic(x: np.ndarray) -> np.ndarray:
    """Return the function, in steps of 1 / 32768, of x in steps of 1 / (3 * 4096)."""
    y = logistic_of(np.abs(x), _BITS, _ONE - 2 * _HALF)
    return np.where(x >= 0, y + _HALF, _ONE - y + _HALF - 1) >> 10


SUPPORT = [
    OpSupport(
        "LOGISTIC",
        (1, 3),
        "int16 -> int16",
        (symmetric, one_scale_each, output_steps(32768), fitting_input),
        by_value(formula_of),
    )
]
