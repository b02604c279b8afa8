"""DIV: elementwise quotient of two broadcast operands, and a fused activation.

8 bits: a fixed-point reciprocal of the divisor times the dividend, rescaled. int32 cuts toward zero; a
quotient beyond int32 is its largest value. A zero among integer divisors is an error.

Source: tflite/kernels/div.cc, internal/reference/div.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, quantize_multiplier, stored_range
from delegraph.rules import known_activation, one_scale_each, operand

from ..elementwise import activation, by_formula, finite
from ..gemmlowp import high_mul, reciprocal, rounding_shift_anywhere, sign_bits
from ..kernel import Kernel
from ..lut import Formula, by_pair, within


def prepare_integers(op: Op) -> Kernel:
    activate = activation(op)

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        check_divisor(y)
        x = x.astype(np.int64)
        quotient = np.asarray((x - np.fmod(x, y)) // y)
        return (activate(np.minimum(quotient, np.iinfo(np.int32).max).astype(np.int32)),)

    return run


def prepare_stored(op: Op) -> Kernel:
    divide = by_pair(stored_quotient)(op)
    zero_point = operand(op, 1).zero_point

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        check_divisor(y, zero_point)
        return divide(x, y)

    return run


def check_divisor(y: np.ndarray, zero: int = 0) -> None:
    """Raise InputError if a divisor is 0."""
    if (y == zero).any():
        raise InputError(
            f"needs divisors other than 0, found {np.count_nonzero(y == zero)} of {y.size} that are 0"
        )


def stored_quotient(op: Op) -> Formula:
    """Return the quotient of stored values, for divisors other than 0."""
    x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
    multiplier, shift = quantize_multiplier(_output_factor(op))
    limits = stored_range(op)

    def formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        a, b = a - x.zero_point, b - y.zero_point
        a, b = np.where(b < 0, -a, a), np.abs(b)
        inverse, inverse_shift = reciprocal(b, 31)
        headroom = sign_bits(a)
        quotient = high_mul(high_mul(a << headroom, inverse), multiplier)
        quotient = rounding_shift_anywhere(quotient, inverse_shift + headroom - shift, bits=32)
        return within(quotient + out.zero_point, limits)

    return formula


def _output_factor(op: Op) -> float:
    x, y, out = (np.float32(t.scale) for t in (operand(op, 0), operand(op, 1), op.outputs[0]))
    with np.errstate(all="ignore"):
        return float(x / (y * out))


fitting_output = finite(_output_factor)

SUPPORT = [
    OpSupport("DIV", (1, 2), "float32 float32 -> float32", (known_activation,), by_formula(np.divide)),
    OpSupport("DIV", (1, 2), "int32 int32 -> int32", (known_activation,), prepare_integers),
    OpSupport(
        "DIV",
        (1, 2),
        "T T -> T",
        (known_activation, one_scale_each, fitting_output),
        prepare_stored,
        T="int8 uint8",
    ),
]
