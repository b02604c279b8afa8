"""Sums of products: convolutions, matrices.

Source: tflite/kernels/internal/reference/{conv,depthwiseconv_float,transpose_conv,fully_connected}.h.
"""

from __future__ import annotations

from typing import Any

from delegraph import Op, Window, window

from ..torch_extra import F, torch
from .common import activated, first, ints, last, padded


def conv_2d(op: Op, x: Any, filters: Any, bias: Any = None) -> Any:
    """x: (batch, height, width, in); filters: (out, height, width, in of a group)."""
    if filters.shape[1:] == (1, 1, x.shape[3]) and op.options.stride_h == op.options.stride_w == 1:
        return activated(op, F.linear(x, filters.reshape(len(filters), -1), bias))
    return _convolution(op, x, filters.permute(0, 3, 1, 2), bias, x.shape[3] // filters.shape[3])


def depthwise_conv_2d(op: Op, x: Any, filters: Any, bias: Any = None) -> Any:
    """x: (batch, height, width, in); filters: (1, height, width, in · multiplier)."""
    return _convolution(op, x, filters.permute(3, 0, 1, 2), bias, x.shape[3])


def _convolution(op: Op, x: Any, filters: Any, bias: Any, groups: int) -> Any:
    o = op.options
    strides, dilations = (o.stride_h, o.stride_w), (o.dilation_h_factor, o.dilation_w_factor)
    down, across = _windows(x.shape[1:3], filters.shape[2:4], strides, dilations, o.padding)
    x, around = first(x), (0, 0)
    if down.before == down.after and across.before == across.after:
        around = (down.before, across.before)
    else:
        x = padded(x, down, across)
    return activated(op, last(F.conv2d(x, filters, bias, strides, around, dilations, groups)))


def _windows(sizes: Any, kernel: Any, strides: Any, dilations: Any, padding: str) -> list[Window]:
    each = zip(sizes, kernel, strides, dilations, strict=True)
    return [window(n, k, stride, dilation, padding) for n, k, stride, dilation in each]


def transpose_conv(op: Op, shape: Any, filters: Any, x: Any, bias: Any = None) -> Any:
    """x: (batch, height, width, in); filters: (out, height, width, in); shape: of the output."""
    o, sizes = op.options, ints(shape)[1:3]
    strides = (o.stride_h, o.stride_w)
    windows = _windows(sizes, filters.shape[1:3], strides, (1, 1), o.padding)
    y = F.conv_transpose2d(first(x), filters.permute(3, 0, 1, 2), None, strides)
    for axis, (size, w) in enumerate(zip(sizes, windows, strict=True), 2):
        y = _cut(y, axis, w.before, size)
    y = last(y)
    return activated(op, y if bias is None else y + bias)


def _cut(y: Any, axis: int, begin: int, size: int) -> Any:
    """Return ``size`` values along an axis; zeros behind the end."""
    y = y.narrow(axis, begin, min(size, y.shape[axis] - begin))
    lacking = size - y.shape[axis]
    return F.pad(y, (0, 0, 0, lacking) if axis == 2 else (0, lacking)) if lacking else y


def fully_connected(op: Op, x: Any, weights: Any, bias: Any = None) -> Any:
    """x: rows of ``depth`` values, in any shape; weights: (units, depth)."""
    rows = x if op.options.keep_num_dims else x.reshape(-1, weights.shape[1])
    return activated(op, F.linear(rows, weights, bias))


def batch_matmul(op: Op, x: Any, y: Any) -> Any:
    x = x.mT if op.options.adj_x else x
    return torch.matmul(x, y.mT if op.options.adj_y else y)


ROWS = {
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "TRANSPOSE_CONV": transpose_conv,
    "FULLY_CONNECTED": fully_connected,
    "BATCH_MATMUL": batch_matmul,
}
