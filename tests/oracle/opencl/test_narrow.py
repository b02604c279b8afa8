"""8-bit ops that follow each other on OpenCL against LiteRT: on CPUs bytes lie between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Tensor
from one_op import random_array
from one_op_opencl import check

TYPES = [("int8", -128), ("int8", 11), ("int8", 127), ("uint8", 0), ("uint8", 116), ("uint8", 255)]


class Net:
    """A model in the making, all of whose tensors are quantized alike."""

    def __init__(self, dtype: str, zero_point: int) -> None:
        self.g = Builder()
        self.dtype, self.q = dtype, {"scale": 0.05, "zero_point": zero_point}

    def image(self, *shape: int) -> Tensor:
        return self.g.input(shape, self.dtype, **self.q)

    def op(self, name: str, x: Tensor, shape: tuple[int, ...], *others: Any, **options: Any) -> Tensor:
        """Add an op on ``x``; arrays among its other operands are constants."""
        given = [self.g.constant(o) if isinstance(o, np.ndarray) else o for o in others]
        out: Tensor = self.g.op(name, [x, *given], [self.g.tensor(shape, self.dtype, **self.q)], **options)
        return out

    def convolved(self, x: Tensor, channels: int, seed: int) -> Tensor:
        """Add a CONV_2D of 3 x 3, padded."""
        *image, depth = x.shape or ()
        kind = "int8" if self.dtype == "int8" else "uint8"
        filters = random_array(kind, (channels, 3, 3, depth), seed)
        middle = 0 if kind == "int8" else 128
        scale = 0.3 / depth / 128
        weights = self.g.constant(filters, scale=scale, zero_point=middle)
        bias = self.g.constant(random_array("int32", (channels,), seed + 1, -900, 900), scale=0.05 * scale)
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "version": 3}
        return self.op("CONV_2D", x, (*image, channels), weights, bias, **options)

    def check(self, *outputs: Tensor, steps: int) -> None:
        inputs = self.g.model(outputs).subgraphs[0].inputs
        arrays = [random_array(self.dtype, t.shape or (), 7 + i) for i, t in enumerate(inputs)]
        check(self.g.model(outputs), arrays, steps=steps)


@pytest.mark.parametrize(("dtype", "zero_point"), TYPES)
@pytest.mark.parametrize("channels", [3, 16, 21])
def test_bytes_are_moved_and_pooled_between_convolutions(
    dtype: str, zero_point: int, channels: int
) -> None:
    net = Net(dtype, zero_point)
    y = net.convolved(net.image(1, 9, 10, 3), channels, 1)
    windows = {"filter_height": 2, "filter_width": 2, "stride_h": 1, "stride_w": 1, "padding": "SAME"}
    largest = net.op("MAX_POOL_2D", y, (1, 9, 10, channels), version=2, **windows)
    mean = net.op("AVERAGE_POOL_2D", y, (1, 9, 10, channels), version=2, **windows)
    both = net.op("CONCATENATION", largest, (1, 9, 10, 2 * channels), mean, axis=3, version=2)
    around = net.op("PAD", both, (1, 11, 12, 2 * channels), np.int32([[0, 0], [1, 1], [2, 0], [0, 0]]))
    net.check(net.convolved(around, 5, 3), y, largest, mean, around, steps=1)


@pytest.mark.parametrize(("dtype", "zero_point"), TYPES)
@pytest.mark.parametrize("channels", [3, 16, 21])
def test_bytes_are_resized_and_reduced(dtype: str, zero_point: int, channels: int) -> None:
    net = Net(dtype, zero_point)
    x = net.image(2, 5, 7, channels)
    size = np.int32([13, 20])
    larger = net.op("RESIZE_BILINEAR", x, (2, 13, 20, channels), size, version=3, half_pixel_centers=True)
    mean = net.op("MEAN", larger, (2, channels), np.int32([1, 2]), version=2)
    most = net.op("REDUCE_MAX", larger, (2, 13, 20), np.int32([3]), version=2)
    turned = net.op("TRANSPOSE", larger, (channels, 20, 13, 2), np.int32([3, 2, 1, 0]), version=2)
    net.check(larger, mean, most, turned, steps=1)


@pytest.mark.parametrize(("dtype", "zero_point"), TYPES)
@pytest.mark.parametrize("shape", [(1, 5, 6, 3), (2, 3, 64), (700,)])
def test_bytes_are_added_scaled_and_quantized_anew(
    dtype: str, zero_point: int, shape: tuple[int, ...]
) -> None:
    net = Net(dtype, zero_point)
    g, x, y = net.g, net.image(*shape), net.image(*shape)
    total = net.op("ADD", x, shape, y, version=2)
    other = g.op("QUANTIZE", [total], [g.tensor(shape, "uint8", scale=0.11, zero_point=3)])
    real = g.op("DEQUANTIZE", [y], [g.tensor(shape, "float32")], version=2)
    per_channel = g.constant(random_array(dtype, shape[-1:], 5), scale=0.01, zero_point=zero_point)
    scaled = net.op("MUL", total, shape, per_channel, version=2)
    net.check(total, other, real, scaled, steps=1)


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -128), ("int8", 127), ("uint8", 116)])
@pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])
@pytest.mark.parametrize("depth", [1, 3, 5, 13, 16, 21, 70000])
def test_the_first_of_equal_bytes_is_found(op: str, depth: int, dtype: str, zero_point: int) -> None:
    g, shape = Builder(), (3, 7, depth) if depth < 100 else (1, depth)
    x = g.input(shape, dtype, scale=0.05, zero_point=zero_point)
    axis = g.constant(np.int32(len(shape) - 1))
    y = g.op(op, [x, axis], [g.tensor(shape[:-1], "int32")], output_type="INT32", version=2)
    few = random_array(dtype, shape, 3) // 16 * 16  # so that the extreme stands in several places
    check(g.model([y]), [few])
