"""MUL: elementwise product of two broadcast operands, and a fused activation.

8 bits: the product of the operands less their zero points, rescaled with two roundings. Integers wrap.

Source: tflite/kernels/mul.cc, internal/reference/mul.h, integer_ops/mul.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, fused_activation, needs, quantize_multiplier, stored_range
from delegraph.rules import known_activation, one_scale_each, operand

from ..elementwise import by_formula, finite
from ..gemmlowp import rescale_anywhere
from ..lut import Formula, by_pair, within


def product(op: Op) -> Formula:
    x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
    to_out = quantize_multiplier(output_factor(op))
    limits = stored_range(op)

    def formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        product = (a - x.zero_point) * (b - y.zero_point)
        return within(rescale_anywhere(product, *to_out, out.zero_point), limits)

    return formula


def complex_product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Each product and sum is rounded, where numpy's own product may leave a rounding out.

    Infinities that meet are multiplied as C's annex G has it: by their directions.
    """
    x, y = np.broadcast_arrays(x, y)
    product = _product(x, y)
    lost = np.isnan(product.real) & np.isnan(product.imag) & (np.isinf(x) | np.isinf(y))
    if lost.any():
        product[lost] = _product(_direction(x, y)[lost], _direction(y, x)[lost], np.float32(np.inf))
    return product


def _product(x: np.ndarray, y: np.ndarray, factor: np.float32 | None = None) -> np.ndarray:
    real, imag = x.real * y.real - x.imag * y.imag, x.real * y.imag + x.imag * y.real
    parts = np.empty(x.shape, np.complex64)
    parts.real, parts.imag = (real, imag) if factor is None else (real * factor, imag * factor)
    return parts


def _direction(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return x with 1 for what is infinite and 0 beside it; NaN is 0 beside an infinite operand."""
    found = np.empty(x.shape, np.complex64)
    for part, its in ((x.real, found.real), (x.imag, found.imag)):
        boxed = np.where(np.isinf(x), np.isinf(part), np.where(np.isnan(part) & np.isinf(other), 0, part))
        np.copysign(boxed, part, out=its, casting="same_kind")
    return found


def output_factor(op: Op) -> float:
    """Return scale_x * scale_y / scale_out, each step in float32 as LiteRT takes it."""
    x, y, out = (np.float32(t.scale) for t in (operand(op, 0), operand(op, 1), op.outputs[0]))
    with np.errstate(all="ignore"):
        return float(x * y / out)


@needs("a fused activation that stays above -1")
def not_below_zero(op: Op) -> str | None:
    """LiteRT takes -1 for the largest uint32."""
    name = fused_activation(op)
    return name if name == "RELU_N1_TO_1" else None


SUPPORT = [
    OpSupport(
        "MUL",
        (1, 8),
        "T T -> T",
        (known_activation,),
        by_formula(np.multiply),
        T="float32 float16 int32 int64",
    ),
    OpSupport(
        "MUL", (1, 8), "complex64 complex64 -> complex64", (known_activation,), by_formula(complex_product)
    ),
    OpSupport(
        "MUL",
        (1, 8),
        "uint32 uint32 -> uint32",
        (known_activation, not_below_zero),
        by_formula(np.multiply),
    ),
    OpSupport(
        "MUL",
        (1, 8),
        "T T -> T",
        (known_activation, one_scale_each, finite(output_factor)),
        by_pair(product),
        T="int8 uint8",
    ),
]
