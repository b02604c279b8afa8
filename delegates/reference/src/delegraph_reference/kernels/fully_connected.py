"""FULLY_CONNECTED: rows of the input times a matrix, plus a bias.

x: any shape, taken as rows of ``depth`` values; weights: (units, depth); bias: (units,).

Source: tflite/kernels/fully_connected.cc; internal/reference/fully_connected.h, portable_tensor_utils.cc
(sparse weights) and integer_ops/fully_connected.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport, fused_activation, needs, shape_text, stored_range
from delegraph.rules import (
    bias_along,
    blocks_of,
    fitting_bias_scale,
    known_activation,
    one_scale_each,
    operand,
    operand_shape,
    scales_along,
    scales_of_units_or_blocks,
    symmetric_bias,
    symmetric_channels,
    symmetric_weights,
)

from ..blockwise import BlockProduct
from ..convolution import multiply
from ..hybrid import LARGEST, quantized_rows, signed
from ..kernel import Finish, Kernel, Prepare
from ..products import exact_weights, largest_magnitude, largest_sums, within
from ..recurrent import CURVES
from ..weights import (
    Apply,
    Arithmetic,
    FloatFinish,
    centered,
    scaled,
    sum_offset,
    sum_scales,
    twice_rounded,
    weight_scales,
    with_weights,
)


def prepare_float(op: Op) -> Kernel:
    def make(weights: np.ndarray, bias: np.ndarray | None) -> Apply:
        finish = FloatFinish(op, bias)

        def write(rows: np.ndarray, out: np.ndarray) -> None:
            multiply(rows, weights.T, out, finish)

        return _by_rows(op, len(weights), write)

    return with_weights(op, make)


def fully_connected_with(arithmetic: Arithmetic) -> Prepare:
    """Return the prepare function for integers."""

    def prepare(op: Op) -> Kernel:
        def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
            weights, finish = arithmetic(op, centered(stored, operand(op, 1)).T, bias)

            def write(rows: np.ndarray, y: np.ndarray) -> None:
                multiply(rows, weights, y, finish)

            return _by_rows(op, len(stored), write)

        return with_weights(op, make)

    return prepare


def once_rounded(op: Op, integers: np.ndarray, bias: np.ndarray | None) -> tuple[np.ndarray, Finish]:
    """8 bits: one rounding, of a product of doubles. Sparse weights: two, as in convolutions."""
    from ..requantize import DoubleRequantizer

    if operand(op, 1).sparsity is not None:
        return twice_rounded(op, integers, bias)
    x, out = operand(op, 0), op.outputs[0]
    scales, offset = sum_scales(op, integers.shape[1]), sum_offset(op, integers, bias)
    largest = largest_sums(integers, largest_magnitude(x.dtype))
    wraps = bool((largest + np.abs(offset.astype(np.float64)) >= 2.0**31).any())
    finish = DoubleRequantizer(scales, offset, out.zero_point, stored_range(op), wraps)
    return within(integers, largest), finish


def prepare_hybrid(op: Op) -> Kernel:
    """float32 x, each row quantized while running; int8 (also as uint8), int4 or int2 weights.

    Weights in blocks: LiteRT's default resolver has int4 only, and leaves the fused activation out, which
    XNNPACK applies.
    """

    def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
        in_blocks = blocks_of(operand(op, 1)) is not None
        product = (BlockProduct if in_blocks else _RowProduct)(op, signed(stored))
        curve, added = CURVES[fused_activation(op)], np.float32(0) if bias is None else bias

        def multiply_rows(rows: np.ndarray, out: np.ndarray) -> None:
            if in_blocks or rows.any():
                np.add(product(rows), added, out=out)
            else:
                out[...] = added  # as it is: -0.0 + 0.0 is 0.0
            out[...] = curve(out)

        return _by_rows(op, len(stored), multiply_rows)

    return with_weights(op, make)


class _RowProduct:
    """Multiplies rows (n, depth), float32, with weights (units, depth) of one scale, or one a unit."""

    def __init__(self, op: Op, stored: np.ndarray) -> None:
        self._weights = exact_weights(stored.T, LARGEST)
        self._scales = weight_scales(op, len(stored))
        self._asymmetric = bool(op.options.asymmetric_quantize_inputs)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        values, steps = quantized_rows(rows, self._asymmetric)
        sums = np.matmul(values.astype(self._weights.dtype, copy=False), self._weights)
        factors = steps[:, None] * self._scales
        products = np.multiply(sums, factors, dtype=np.float32, casting="same_kind")
        return np.asarray(np.add(products, np.float32(0), out=products))  # -0.0 becomes 0.0, as in LiteRT


def _by_rows(op: Op, units: int, write: Callable[[np.ndarray, np.ndarray], None]) -> Apply:
    """Return a function of x: what ``write(rows, out)`` makes of its rows, in the output's shape."""
    given, (_, depth) = operand_shape(op, 0), operand_shape(op, 1)
    if op.options.keep_num_dims:
        shape = (*given[:-1], units)
    else:
        shape = (math.prod(given) // depth if depth else math.prod(given[:-1]), units)
    if not depth or not math.prod(shape):
        return lambda x: np.zeros(shape, x.dtype)  # as in LiteRT, without the bias

    def apply(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, x.dtype)
        write(x.reshape(-1, depth), out.reshape(-1, units))
        return out

    return apply


@needs("int4 or int2 weights with zero point 0")
def small_zero_point(op: Op) -> str | None:
    return None if operand(op, 1).dtype == "int8" else symmetric_weights.found(op)


@needs("the default format of weights")
def default_format(op: Op) -> str | None:
    found = op.options.weights_format
    return None if found == "DEFAULT" else str(found)


@needs("a last axis as long as the weights' where keep_num_dims is set")
def kept_depth(op: Op) -> str | None:
    x, weights = operand_shape(op, 0), operand_shape(op, 1)
    fits = not op.options.keep_num_dims or x[-1:] == weights[1:]
    return None if fits else f"shape {shape_text(x)}, weights {shape_text(weights)}"


@needs("dense weights, or sparse ones in blocks of 1 x 16")
def blocks_of_16(op: Op) -> str | None:
    """LiteRT takes no other sparse 8-bit weights."""
    sparsity = operand(op, 1).sparsity
    if sparsity is None:
        return None
    levels = [(level.format, level.dense_size) for level in sparsity.dim_metadata]
    if [level[0] for level in levels] == ["DENSE", "SPARSE_CSR", "DENSE"] and levels[2][1] == 16:
        return None
    return f"levels {levels}"


_ALL = (default_format, kept_depth, bias_along(0))
_HYBRID = (*_ALL, scales_of_units_or_blocks, symmetric_weights, blocks_of_16)
FULLY_CONNECTED_RULES = (
    known_activation,
    *_ALL,
    scaled,
    scales_along(0),
    symmetric_channels,
    symmetric_bias,
    fitting_bias_scale(),
    small_zero_point,
)
_8BIT = fully_connected_with(once_rounded)

SUPPORT = [
    OpSupport(
        "FULLY_CONNECTED",
        (1, 14),
        "float32 float32 float32? -> float32",
        (known_activation, *_ALL),
        prepare_float,
    ),
    OpSupport(
        "FULLY_CONNECTED",
        (1, 14),
        "uint8 uint8 int32? -> uint8",
        (known_activation, *_ALL, one_scale_each, symmetric_bias, fitting_bias_scale()),
        _8BIT,
    ),
    OpSupport(
        "FULLY_CONNECTED",
        (1, 14),
        "int8 int8|int4|int2 int32? -> int8",
        (*FULLY_CONNECTED_RULES, blocks_of_16),
        _8BIT,
    ),
    OpSupport(
        "FULLY_CONNECTED",
        (1, 14),
        "float32 int8|uint8|int4|int2 float32? -> float32",
        _HYBRID,
        prepare_hybrid,
    ),
]
