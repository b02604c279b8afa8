"""Convolution2DTransposeBias: TRANSPOSE_CONV with a bias, and a rule for the output's shape (MediaPipe).

Source: mediapipe/util/tflite/operations/transpose_conv_bias.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, Window, needs, shape_text
from delegraph.rules import real_windows, shape_of, stateless

from ..kernel import Kernel
from ..mediapipe import known_padding, of_options, with_transpose_conv_options
from ..transposed import spread
from ._movement import once


def prepare(op: Op) -> Kernel:
    """x: (batch, height, width, in), weights: (out, height, width, in), bias: (out,)."""
    filters = shape_of(op.inputs[1])
    windows = _windows(op, shape_of(op.inputs[0]), filters)
    shape = (*map(_covered, windows), filters[0])
    packed = once(_packed, op.inputs[1])

    def run(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray]:
        out = np.empty((len(x), *shape), np.float32)
        for image, result in zip(x, out, strict=True):
            np.add(spread(image, packed(weights), windows, shape), bias, out=result)
        return (out,)

    return run


def _packed(weights: np.ndarray) -> np.ndarray:
    """Return weights (out, height, width, in) as (in, height * width * out)."""
    return np.ascontiguousarray(weights.transpose(3, 1, 2, 0).reshape(weights.shape[3], -1))


def _windows(op: Op, x: tuple[int, ...], filters: tuple[int, ...]) -> list[Window]:
    """Lay the filter over the output: window i of an axis is what input i spreads over."""
    o = with_transpose_conv_options(op).options
    axes = ((x[1], filters[1], o.stride_h), (x[2], filters[2], o.stride_w))
    return [_window(n, size, stride, o.padding) for n, size, stride in axes]


def _window(inputs: int, size: int, stride: int, padding: str) -> Window:
    total = max(size - (inputs - 1) % stride - 1, 0) if padding == "SAME" else 0
    return Window(size, stride, 1, inputs, total // 2, total - total // 2)


def _covered(window: Window) -> int:
    """Return the size of the output along the window's axis."""
    return (window.output - 1) * window.stride + window.size - window.before - window.after


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x, filters = given[0], given[1]
    if x is None or filters is None:
        return [None]
    if found := _unfit(op, [x, filters]):
        raise InputError(f"{op} needs {fitting_shapes.rule}, found {found}")
    return [(x[0], *map(_covered, _windows(op, x, filters)), filters[0])]


def _unfit(op: Op, given: Sequence[tuple[int, ...]]) -> str | None:
    x, filters = given[:2]
    o = with_transpose_conv_options(op).options
    fits = len(x) == len(filters) == 4 and x[3] == filters[3] and min(*x[1:3], *filters[1:3]) > 0
    return None if fits and min(o.stride_h, o.stride_w) > 0 else f"{x}, {filters}, {o}"


@needs("x (batch, height, width, in), weights (out, height, width, in) and strides of at least 1")
def fitting_shapes(op: Op) -> str | None:
    return _unfit(op, [shape_of(t) for t in op.inputs[:2]])


@needs("one value of the bias for each output channel")
def fitting_bias(op: Op) -> str | None:
    bias, filters = shape_of(op.inputs[2]), shape_of(op.inputs[1])
    return None if bias == filters[:1] else f"{shape_text(bias)} for weights {shape_text(filters)}"


_STRUCT = [of_options(c, with_transpose_conv_options) for c in (known_padding, real_windows)]

SUPPORT = [
    OpSupport(
        "Convolution2DTransposeBias",
        (1, 1),
        "float32 float32 float32 -> float32",
        (stateless, *_STRUCT, fitting_shapes, fitting_bias),
        prepare,
        shapes=shapes,
    )
]
