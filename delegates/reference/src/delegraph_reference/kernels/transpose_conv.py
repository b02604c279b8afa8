"""TRANSPOSE_CONV: each pixel spreads over the outputs that its window covers.

shape: (4,), weights: (out, height, width, in), x: (batch, height, width, in), bias: (out,).

Source: tflite/kernels/transpose_conv.cc; internal/reference/transpose_conv.h, integer_ops/transpose_conv.h.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from delegraph import (
    Constraint,
    InputError,
    Op,
    OpSupport,
    evolve,
    needs,
    quantize_multipliers,
    shape_text,
    stored_range,
)
from delegraph.rules import (
    bias_along,
    filled,
    fitting_bias_scale,
    known_activation,
    one_scale_each,
    operand,
    real_windows,
    same_channels,
    scales_along,
    scales_of,
    symmetric_bias,
    symmetric_weights,
)

from ..elementwise import quietly
from ..hybrid import LARGEST, in_rows, quantized_rows
from ..kernel import Finish, Kernel, Prepare
from ..products import exact_weights, largest_magnitude, largest_sums
from ..requantize import Requantizer
from ..transposed import output_windows, spread
from ..weights import (
    Arithmetic,
    FloatFinish,
    centered,
    flat,
    scaled,
    single_scale,
    sum_scales,
    weight_scales,
)
from ._movement import ints

Apply = Callable[[np.ndarray, tuple[int, ...]], np.ndarray]


def prepare_float(op: Op) -> Kernel:
    conv = _as_convolution(op)

    def make(weights: np.ndarray, bias: np.ndarray | None) -> Apply:
        packed, finish = _packed(weights), FloatFinish(conv, bias)
        return lambda x, shape: _images(op, x, packed, shape, weights, [finish] * len(x))

    return _kernel(op, make)


def transpose_conv_with(arithmetic: Arithmetic) -> Prepare:
    """Return the prepare function for integers.

    The arithmetic gets the op's inputs in the order of CONV_2D, and sums of x less its zero point.
    """

    def prepare(op: Op) -> Kernel:
        conv = _as_convolution(op)
        x = operand(conv, 0)

        def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
            integers = centered(stored, operand(conv, 1)) if x.dtype == "uint8" else stored.astype(np.int32)
            weights, finish = arithmetic(conv, integers.reshape(len(stored), -1).T, bias)
            packed = _packed(weights.T.reshape(stored.shape))

            def apply(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
                values = np.subtract(a, x.zero_point, dtype=packed.dtype)
                return _images(op, values, packed, shape, stored, [finish] * len(a))

            return apply

        return _kernel(op, make)

    return prepare


def twice_rounded(op: Op, integers: np.ndarray, bias: np.ndarray | None) -> tuple[np.ndarray, Finish]:
    """8 bits, of sums without zero points (MultiplyByQuantizedMultiplier)."""
    x, out, n = operand(op, 0), op.outputs[0], integers.shape[1]
    most = largest_magnitude(x.dtype, x.zero_point)
    scales = np.full(n, single_scale(op)) if x.dtype == "uint8" else sum_scales(op, n)
    total = np.zeros(n, np.int64) if bias is None else bias.astype(np.int64)
    largest = largest_sums(integers, most)
    finish = Requantizer(*quantize_multipliers(scales), total, largest, out.zero_point, stored_range(op))
    return exact_weights(integers, most), finish


def prepare_hybrid(op: Op) -> Kernel:
    """float32 x, quantized asymmetrically while running, each image for itself; int8 weights."""
    conv = _as_convolution(op)

    def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
        columns = stored.reshape(len(stored), -1).T
        packed = _packed(stored).astype(exact_weights(columns, LARGEST).dtype)
        scales = weight_scales(conv, len(stored))
        added = np.zeros(1, np.float32) if bias is None else bias  # LiteRT adds products to 0.0

        def apply(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
            values, steps = quantized_rows(in_rows(x, len(x)), asymmetric=True)
            finishes = [FloatFinish(conv, added, scales * step) for step in steps]
            return _images(op, values.reshape(x.shape), packed, shape, stored, finishes)

        return apply

    return _kernel(op, make)


def _kernel(op: Op, make: Callable[..., Apply]) -> Kernel:
    """Return a kernel from ``make(weights, bias) -> apply(x, shape)``, called once if they are fixed."""
    _, weights, bias = _as_convolution(op).inputs
    assert weights is not None
    ready = None
    if weights.is_constant and (bias is None or bias.is_constant):
        ready = make(weights.data, None if bias is None else flat(bias.data))

    def run(
        shape: np.ndarray, weights: np.ndarray, x: np.ndarray, bias: np.ndarray | None = None
    ) -> tuple[np.ndarray]:
        apply = ready or make(weights, flat(bias))
        return (apply(x, ints(shape)),)

    return quietly(run)


def _images(
    op: Op,
    x: np.ndarray,
    packed: np.ndarray,
    shape: tuple[int, ...],
    weights: np.ndarray,
    finishes: Sequence[Finish],
) -> np.ndarray:
    if len(shape) != 4 or shape[0] != len(x) or shape[3] != len(weights):
        raise InputError(
            f"{op}: needs an output shape {len(x)}×height×width×{len(weights)}, found {shape_text(shape)}"
        )
    windows = output_windows(op, shape, weights.shape[1:3], x.shape[1:3])
    out = np.empty(shape, op.outputs[0].dtype)
    for image, result, finish in zip(x, out, finishes, strict=True):
        sums = spread(image, packed, windows, shape[1:])
        finish(sums.reshape(-1, shape[3]), result.reshape(-1, shape[3]))
    return out


def _packed(weights: np.ndarray) -> np.ndarray:
    """Return weights (out, height, width, in) as (in, height * width * out)."""
    return np.ascontiguousarray(weights.transpose(3, 1, 2, 0).reshape(weights.shape[3], -1))


def _as_convolution(op: Op) -> Op:
    """Return the op with its inputs in the order of CONV_2D: x, weights, bias."""
    bias = op.inputs[3] if len(op.inputs) > 3 else None
    return evolve(op, inputs=(op.inputs[2], op.inputs[1], bias))


def _of_convolution(constraint: Constraint) -> Constraint:
    return evolve(constraint, found=lambda op: constraint.found(_as_convolution(op)))


@needs("scales on the weights")
def scaled_weights(op: Op) -> str | None:
    return None if len(scales_of(operand(op, 1))) else "none"


_CONV = (_of_convolution(filled), _of_convolution(bias_along(0)))
_ALL = (known_activation, real_windows, same_channels, *_CONV)
_SCALES = _of_convolution(scales_along(0))
_SYMMETRIC = (_of_convolution(symmetric_weights), _of_convolution(symmetric_bias))
TRANSPOSE_CONV_RULES = (*_ALL, _of_convolution(scaled), _SCALES, *_SYMMETRIC)
_8BIT = transpose_conv_with(twice_rounded)

SUPPORT = [
    OpSupport("TRANSPOSE_CONV", (1, 5), "int32 float32 float32 float32? -> float32", _ALL, prepare_float),
    OpSupport(
        "TRANSPOSE_CONV",
        (1, 5),
        "int32 uint8 uint8 int32? -> uint8",
        (*_ALL, one_scale_each, _SYMMETRIC[1], fitting_bias_scale(2, 1, 3)),
        _8BIT,
    ),
    OpSupport(
        "TRANSPOSE_CONV",
        (1, 5),
        "int32 int8 int8 int32? -> int8",
        TRANSPOSE_CONV_RULES,
        _8BIT,
    ),
    OpSupport(
        "TRANSPOSE_CONV",
        (1, 5),
        "int32 int8 float32 float32? -> float32",
        (*_ALL, scaled_weights, _SCALES, _SYMMETRIC[0]),
        prepare_hybrid,
    ),
]
