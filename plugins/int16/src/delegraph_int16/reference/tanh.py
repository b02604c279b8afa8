"""TANH: the hyperbolic tangent on int16, 2 / (1 + exp(-2 x)) - 1; the output's scale is 1 / 32768.

Source: tflite/kernels/activations.cc (TanhPrepare), internal/reference/integer_ops/tanh.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import output_steps
from delegraph_reference import Formula, by_value

from ._rules import one_scale_each, symmetric
from ._sigmoid import fitting_input, in_24ths, logistic_of

_BITS = 8  # behind the point of the place of 2 x: steps of 1 / (24 * 2**8) = 2 / (3 * 4096)
_MIDDLE = 1 << 15 + _BITS
_HALF = 1 << 7  # of a step of the output


def formula_of(op: Op) -> Formula:
    to_24ths = in_24ths(op, (0, 1))
    return lambda q: tanh(to_24ths(q))


def tanh(x: np.ndarray) -> np.ndarray:
    """Return the function, in steps of 1 / 32768, of x in steps of 1 / (3 * 4096)."""
    y = logistic_of(np.abs(x), _BITS, 0xFFFF << _BITS) - _MIDDLE
    return np.where(x >= 0, y + _HALF, -y + _HALF - 1) >> _BITS


SUPPORT = [
    OpSupport(
        "TANH",
        (1, 3),
        "int16 -> int16",
        (symmetric, one_scale_each, output_steps(32768), fitting_input),
        by_value(formula_of),
    )
]
