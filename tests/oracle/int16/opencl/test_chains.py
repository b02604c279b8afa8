"""Chains of int16 convolutions on OpenCL against LiteRT: on CPUs they run a few rows at a time."""

from __future__ import annotations

from typing import Any

import pytest
from delegraph import Builder
from int16_opencl import check
from one_op import random_array

PLAIN = {"padding": "SAME", "stride_h": 1, "stride_w": 1}


@pytest.mark.parametrize(("height", "width", "channels"), [(28, 14, 24), (16, 17, 40), (3, 5, 16)])
def test_blocks_of_an_inverted_residual_network(height: int, width: int, channels: int) -> None:
    g = Builder()

    def image(n: int) -> Any:
        return g.tensor((2, height, width, n), "int16", scale=0.01)

    def weights(out: int, *shape: int, seed: int) -> list[Any]:
        filters = g.constant(random_array("int8", shape, seed, -127), scale=0.005)
        return [filters, g.constant(random_array("int64", (out,), seed + 1, -9000, 9000), scale=0.00005)]

    x = g.input((2, height, width, channels), "int16", scale=0.01)
    taps = weights(channels, 1, 3, 3, channels, seed=1)
    deep = g.op("DEPTHWISE_CONV_2D", [x, *taps], [image(channels)], version=5, depth_multiplier=1, **PLAIN)
    few = g.op("CONV_2D", [deep, *weights(16, 16, 1, 1, channels, seed=3)], [image(16)], version=4, **PLAIN)
    many = weights(channels, channels, 1, 1, 16, seed=5)
    y = g.op("CONV_2D", [few, *many], [image(channels)], version=4, **PLAIN)
    check(g.model([y]), [random_array("int16", (2, height, width, channels), 7)])
