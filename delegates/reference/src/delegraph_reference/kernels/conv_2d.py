"""CONV_2D: filters that see all channels of an image, or of a group of them.

x: (batch, height, width, in), filters: (out, height, width, in // groups), bias: (out,).

Source: tflite/kernels/conv.cc; internal/reference/conv.h and integer_ops/conv.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import (
    bias_along,
    bounded_padding,
    filled,
    fitting_bias_scale,
    known_activation,
    one_scale_each,
    operand,
    operand_shape,
    real_windows,
    scales_along,
    scales_of,
    symmetric_bias,
    symmetric_weights,
    whole_groups,
)

from ..convolution import convolve, packed_filters, unpacked_filters
from ..hybrid import LARGEST, in_rows, quantized_rows, signed
from ..infinite_weights import make_apart
from ..kernel import Finish, Kernel, Prepare
from ..products import exact_weights
from ..weights import (
    Apply,
    Arithmetic,
    FloatFinish,
    centered,
    scaled,
    twice_rounded,
    weight_scales,
    with_weights,
)
from ..windows import Windows, windows_of


def prepare_float(op: Op) -> Kernel:
    """float32, filters also float16."""
    windows, groups = _windows(op), _groups(op)

    def convolution(filters: np.ndarray, finish: Finish) -> Apply:
        weights = unpacked_filters(filters, groups)
        return lambda x: convolve(x, windows, weights, _output(x, windows, filters), finish)

    def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
        filters = stored.astype(np.float32, copy=False)
        depth, a_group = filters.shape[3], len(filters) // groups
        axes = windows.rows, windows.columns
        columns = np.moveaxis(filters, 0, -1)
        return make_apart(
            convolution,
            filters,
            FloatFinish(op, bias),
            axes,
            columns,
            lambda at, of: at + of // a_group * depth,
        )

    return with_weights(op, make)


def conv_2d_with(arithmetic: Arithmetic) -> Prepare:
    """Return the prepare function for integers."""

    def prepare(op: Op) -> Kernel:
        windows, groups = _windows(op), _groups(op)
        x, filters = operand(op, 0), operand(op, 1)

        def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
            integers = unpacked_filters(centered(stored, filters), groups)
            weights, finish = arithmetic(op, integers, bias)
            return lambda a: convolve(
                a, windows, weights, _output(a, windows, stored), finish, x.zero_point
            )

        return with_weights(op, make)

    return prepare


def prepare_hybrid(op: Op) -> Kernel:
    """float32 x, quantized while running, each image for itself; int8 (or uint8), int4 or int2 filters.

    Symmetrically where the filters have one scale, else asymmetrically.
    """
    windows, groups = _windows(op), _groups(op)
    scales = weight_scales(op, operand_shape(op, 1)[0])
    asymmetric = groups > 1 or bool((scales != scales[0]).any())

    def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
        weights = exact_weights(packed_filters(signed(stored), groups), LARGEST)

        def apply(x: np.ndarray) -> np.ndarray:
            out = _output(x, windows, stored)
            values, steps = quantized_rows(in_rows(x, len(x)), asymmetric)
            for i, step in enumerate(steps):
                factors = (scales, step) if asymmetric else (scales * step,)  # as LiteRT rounds them
                finish = FloatFinish(op, bias, *factors)
                convolve(values[i].reshape(1, *x.shape[1:]), windows, weights, out[i : i + 1], finish)
            return out

        return apply

    return with_weights(op, make)


def _output(x: np.ndarray, windows: Windows, filters: np.ndarray) -> np.ndarray:
    return np.empty((len(x), *windows.positions, len(filters)), x.dtype)


def _windows(op: Op) -> Windows:
    _, height, width, _ = operand_shape(op, 1)
    return windows_of(op, operand_shape(op, 0), (height, width))


def _groups(op: Op) -> int:
    return operand_shape(op, 0)[3] // operand_shape(op, 1)[3]


@needs("a scale for each filter where the filters are in groups")
def scales_of_groups(op: Op) -> str | None:
    scales = len(scales_of(operand(op, 1)))
    return None if _groups(op) == 1 or scales == operand_shape(op, 1)[0] else f"{scales} scales"


@needs("one scale for uint8 filters")
def one_scale_if_uint8(op: Op) -> str | None:
    """LiteRT knows no scale of each filter here, and multiplies by one that says nothing of the others."""
    filters = operand(op, 1)
    found = len(scales_of(filters))
    return None if filters.dtype != "uint8" or found == 1 else f"{found} scales"


_ALL = (known_activation, real_windows, bounded_padding, filled, whole_groups, bias_along(0))
CONV_2D_RULES = (*_ALL, scaled, scales_along(0), symmetric_weights, symmetric_bias)  # of signed integers
_8BIT = conv_2d_with(twice_rounded)

SUPPORT = [
    OpSupport("CONV_2D", (1, 8), "float32 float32|float16 float32 -> float32", _ALL, prepare_float),
    OpSupport(
        "CONV_2D",
        (1, 8),
        "uint8 uint8 int32 -> uint8",
        (*_ALL, one_scale_each, symmetric_bias, fitting_bias_scale()),
        _8BIT,
    ),
    OpSupport("CONV_2D", (1, 8), "int8 int8|int4|int2 int32 -> int8", CONV_2D_RULES, _8BIT),
    OpSupport(
        "CONV_2D",
        (1, 8),
        "float32 int8|uint8|int4|int2 float32 -> float32",
        (*_ALL, scales_along(0), symmetric_weights, scales_of_groups, one_scale_if_uint8),
        prepare_hybrid,
    ),
]
