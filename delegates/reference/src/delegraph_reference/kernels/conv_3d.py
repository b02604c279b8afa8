"""CONV_3D: filters that move over volumes and see all channels.

x: (batch, depth, height, width, in), filters: (depth, height, width, in, out), bias: (out,).

Source: tflite/kernels/conv3d.cc, internal/reference/conv3d.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, Window, needs, shape_text, window
from delegraph.rules import bias_along, bounded_padding, filled, known_activation, operand_shape, too_large
from numpy.lib.stride_tricks import as_strided

from ..infinite_weights import make_apart
from ..kernel import Finish, Kernel
from ..weights import Apply, FloatFinish, with_weights


def prepare(op: Op) -> Kernel:
    windows = _windows(op)

    def convolution(filters: np.ndarray, finish: Finish) -> Apply:
        weights = filters.reshape(-1, filters.shape[4])
        return lambda x: _convolve(x, windows, weights, finish)

    def make(filters: np.ndarray, bias: np.ndarray | None) -> Apply:
        return make_apart(convolution, filters, FloatFinish(op, bias), windows, filters, _channel)

    return with_weights(op, make)


def _channel(depth: int, filters: np.ndarray) -> np.ndarray:
    return np.full(len(filters), depth)


def _windows(op: Op) -> list[Window]:
    o, volume, filter = op.options, operand_shape(op, 0)[1:4], operand_shape(op, 1)[:3]
    return [
        window(n, size, getattr(o, f"stride_{a}"), getattr(o, f"dilation_{a}_factor"), o.padding)
        for a, n, size in zip("dhw", volume, filter, strict=True)
    ]


def _convolve(x: np.ndarray, windows: list[Window], weights: np.ndarray, finish: Finish) -> np.ndarray:
    out = np.empty((len(x), *(w.output for w in windows), weights.shape[1]), np.float32)
    if not out.size:
        return out
    padding = [(w.before, w.after) for w in windows]
    for volume, result in zip(x, out, strict=True):
        patches = _patches(np.pad(volume, [*padding, (0, 0)]), windows)
        for layer, part in zip(patches, result, strict=True):
            rows = part.reshape(-1, weights.shape[1])
            finish(np.matmul(layer.reshape(len(rows), -1), weights, out=rows), rows)
    return out


def _patches(volume: np.ndarray, windows: list[Window]) -> np.ndarray:
    """Return the windows as a view: (depth, height, width of the output, those of the filter, channels)."""
    steps = [s * w.stride for s, w in zip(volume.strides, windows, strict=False)]
    taps = [s * w.dilation for s, w in zip(volume.strides, windows, strict=False)]
    sizes = [w.output for w in windows] + [w.size for w in windows]
    shape, strides = (*sizes, volume.shape[3]), (*steps, *taps, volume.strides[3])
    return as_strided(volume, shape, strides, writeable=False)


@needs("as many input channels as the filters have")
def same_channels(op: Op) -> str | None:
    x, filters = operand_shape(op, 0), operand_shape(op, 1)
    return None if x[4] == filters[3] else f"{x[4]} channels, filters {shape_text(filters)}"


@needs("strides and dilations of at least 1")
def real_steps(op: Op) -> str | None:
    names = [f"{what}" for a in "dhw" for what in (f"stride_{a}", f"dilation_{a}_factor")]
    low = [f"{name} = {getattr(op.options, name)}" for name in names if getattr(op.options, name) < 1]
    return ", ".join(low) or None


@needs(bounded_padding.rule)
def bounded_volume(op: Op) -> str | None:
    if real_steps.found(op):
        return None
    _, *volume, channels = operand_shape(op, 0)
    padded = [w.before + n + w.after for w, n in zip(_windows(op), volume, strict=True)]
    return too_large((*padded, channels), (*volume, channels))


SUPPORT = [
    OpSupport(
        "CONV_3D",
        (1, 1),
        "float32 float32 float32? -> float32",
        (known_activation, real_steps, bounded_volume, filled, same_channels, bias_along(4)),
        prepare,
    )
]
