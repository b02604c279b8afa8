"""Chains of convolutions on OpenCL against LiteRT: on CPUs they run a few rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from delegraph_opencl.run import binding
from one_op import random_array
from one_op_opencl import check

PLAIN = {"padding": "SAME", "stride_h": 1, "stride_w": 1}


@pytest.fixture(autouse=True, params=[(1, 1), (1, -1), (-1, 1)], ids=["caller", "helped", "workers"])
def who_computes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread takes all rows of a chain, that and helpers some each, or workers."""
    for name, seconds in zip(("WAKE", "JOIN"), request.param, strict=True):
        monkeypatch.setattr(binding, name, float(seconds))


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize(("height", "width", "channels"), [(28, 14, 24), (16, 17, 40), (3, 5, 16)])
def test_blocks_of_an_inverted_residual_network(height: int, width: int, channels: int, kind: str) -> None:
    g = Builder()
    q: dict[str, Any] = {"scale": 0.05, "zero_point": -3} if kind == "int8" else {}

    def image(n: int) -> Any:
        return g.tensor((2, height, width, n), kind, **q)

    def filters(*shape: int, seed: int) -> Any:
        if kind == "int8":
            return g.constant(random_array("int8", shape, seed, -127), scale=0.005)
        return g.constant(random_array("float32", shape, seed, -0.5, 0.5))

    def bias(n: int, seed: int) -> Any:
        if kind == "int8":
            return g.constant(random_array("int32", (n,), seed, -2000, 2000), scale=0.00025)
        return g.constant(random_array("float32", (n,), seed, -1, 1))

    x = g.input((2, height, width, channels), kind, **q)
    value = x
    for i in range(2):
        depth = [value, filters(1, 3, 3, channels, seed=10 * i), bias(channels, 10 * i + 1)]
        y = g.op("DEPTHWISE_CONV_2D", depth, [image(channels)], version=3, depth_multiplier=1, **PLAIN)
        point = [y, filters(16, 1, 1, channels, seed=10 * i + 2), bias(16, 10 * i + 3)]
        y = g.op("CONV_2D", point, [image(16)], version=3, fused_activation_function="RELU6", **PLAIN)
        wide = [y, filters(channels, 1, 1, 16, seed=10 * i + 4), bias(channels, 10 * i + 5)]
        y = g.op("CONV_2D", wide, [image(channels)], version=3, **PLAIN)
        value = g.op("ADD", [y, value], [image(channels)], version=2)
    low, high = (None, None) if kind == "int8" else (-1.0, 1.0)
    inputs: list[np.ndarray] = [random_array(kind, (2, height, width, channels), 7, low, high)]
    check(g.model([value]), inputs, steps=2 if kind == "int8" else None, half_rtol=2e-2)


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(64, 1, "SAME"), (65, 2, "SAME"), (64, 2, "VALID"), (67, 1, "VALID")]
)
def test_many_channels_between_few(size: int, stride: int, padding: str) -> None:
    """What a depthwise convolution reads is so large that it is made a few lines at a time, some twice."""
    g = Builder()

    def constant(*shape: int, seed: int) -> Any:
        return g.constant(random_array("float32", shape, seed, -0.5, 0.5))

    x = g.input((1, size, size, 8), "float32")
    wide = g.tensor((1, size, size, 72), "float32")
    g.op("CONV_2D", [x, constant(72, 1, 1, 8, seed=1), constant(72, seed=2)], [wide], **PLAIN)
    lines = (size - 2 * (padding == "VALID") + stride - 1) // stride
    deep, y = (g.tensor((1, lines, lines, n), "float32") for n in (72, 16))
    strides = {"padding": padding, "stride_h": stride, "stride_w": stride, "depth_multiplier": 1}
    taps = [wide, constant(1, 3, 3, 72, seed=3), constant(72, seed=4)]
    g.op("DEPTHWISE_CONV_2D", taps, [deep], fused_activation_function="RELU6", **strides)
    g.op("CONV_2D", [deep, constant(16, 1, 1, 72, seed=5), constant(16, seed=6)], [y], **PLAIN)
    check(g.model([y]), [random_array("float32", (1, size, size, 8), 7, -1, 1)], half_rtol=2e-2)
