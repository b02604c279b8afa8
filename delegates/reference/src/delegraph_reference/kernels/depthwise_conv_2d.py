"""DEPTHWISE_CONV_2D: each channel of an image under filters of its own.

x: (batch, height, width, in), filters: (1, height, width, out), bias: (out,). out is a multiple of in, and
the filters of an input channel are neighbors.

Source: tflite/kernels/depthwise_conv.cc; internal/reference/depthwiseconv_float.h, depthwiseconv_uint8.h
and integer_ops/depthwise_conv.h.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from delegraph import Op, OpSupport
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
    scale_per_channel,
    scales_along,
    symmetric_bias,
    symmetric_weights,
    true_multiplier,
    whole_multiple,
)

from ..convolution import convolve
from ..depthwise import convolve_depthwise, repeated_weights
from ..hybrid import LARGEST, quantized_rows
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
from ..windows import windows_of


def prepare_float(op: Op) -> Kernel:
    convolution = _Depthwise(op)

    def depthwise(weights: np.ndarray, finish: Finish) -> Apply:
        apply = convolution.of(weights)
        return lambda x: apply(x, finish, 0)

    def make(filters: np.ndarray, bias: np.ndarray | None) -> Apply:
        windows, weights = convolution.windows, filters[0]
        out = weights.shape[2]
        axes = windows.rows, windows.columns
        return make_apart(
            depthwise,
            weights,
            FloatFinish(op, bias),
            axes,
            weights[:, :, None],
            lambda _, of: of // max(out // windows.channels, 1),
        )

    return with_weights(op, make)


def depthwise_conv_2d_with(arithmetic: Arithmetic) -> Prepare:
    """Return the prepare function for integers."""

    def prepare(op: Op) -> Kernel:
        convolution = _Depthwise(op)
        x, filters = operand(op, 0), operand(op, 1)

        def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
            offset_free = centered(stored[0], filters) if x.dtype == "uint8" else stored[0]
            weights, finish = arithmetic(op, offset_free.reshape(-1, stored.shape[3]), bias)
            apply = convolution.of(weights.reshape(stored.shape[1:]))
            return lambda a: apply(a, finish, x.zero_point)

        return with_weights(op, make)

    return prepare


def prepare_hybrid(op: Op) -> Kernel:
    """float32 x, quantized asymmetrically while running, each image for itself; int8 filters."""
    convolution = _Depthwise(op)

    def make(stored: np.ndarray, bias: np.ndarray | None) -> Apply:
        weights = exact_weights(stored[0].reshape(-1, stored.shape[3]), LARGEST).reshape(stored.shape[1:])
        apply, scales = convolution.of(weights), weight_scales(op, stored.shape[3])

        def run(x: np.ndarray) -> np.ndarray:
            values, steps = quantized_rows(x.reshape(len(x), prod(x.shape[1:])), asymmetric=True)
            images = values.reshape(len(x), 1, *x.shape[1:])
            parts = [
                apply(image, FloatFinish(op, bias, scales * step), 0)
                for image, step in zip(images, steps, strict=True)
            ]
            return np.concatenate(parts) if parts else apply(x, FloatFinish(op, bias), 0)

        return run

    return with_weights(op, make)


class _Depthwise:
    """Depthwise convolution with the op's windows."""

    def __init__(self, op: Op) -> None:
        _, height, width, _ = operand_shape(op, 1)
        self.windows = windows_of(op, operand_shape(op, 0), (height, width))

    def of(self, weights: np.ndarray) -> Callable[[np.ndarray, Finish, float], np.ndarray]:
        """Return apply(x, finish, fill) for weights (height, width, out)."""
        windows, channels = self.windows, weights.shape[2]
        if windows.channels == 1:  # the filters all see the same: a product of matrices
            method, packed = convolve, weights.reshape(1, -1, channels)
        else:
            method, packed = convolve_depthwise, repeated_weights(weights, windows.columns.output)

        def apply(x: np.ndarray, finish: Finish, fill: float) -> np.ndarray:
            out = np.empty((len(x), *windows.positions, channels), x.dtype)
            return method(x, windows, packed, out, finish, fill)

        return apply


_ALL = (known_activation, real_windows, bounded_padding, filled, whole_multiple, bias_along(3))
DEPTHWISE_CONV_2D_RULES = (
    *_ALL,
    scaled,
    scales_along(3),
    symmetric_weights,
    symmetric_bias,
)  # of signed integers
_8BIT = depthwise_conv_2d_with(twice_rounded)

SUPPORT = [
    OpSupport("DEPTHWISE_CONV_2D", (1, 7), "float32 float32 float32? -> float32", _ALL, prepare_float),
    OpSupport(
        "DEPTHWISE_CONV_2D",
        (1, 7),
        "uint8 uint8 int32? -> uint8",
        (*_ALL, one_scale_each, symmetric_bias, fitting_bias_scale()),
        _8BIT,
    ),
    OpSupport(
        "DEPTHWISE_CONV_2D",
        (1, 7),
        "int8 int8|int4 int32? -> int8",
        DEPTHWISE_CONV_2D_RULES,
        _8BIT,
    ),
    OpSupport(
        "DEPTHWISE_CONV_2D",
        (1, 7),
        "float32 int8 float32? -> float32",
        (*_ALL, scale_per_channel, symmetric_weights, true_multiplier),
        prepare_hybrid,
    ),
]
