"""AVERAGE_POOL_2D and MAX_POOL_2D on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from delegraph import Builder, window
from one_op import random_array
from one_op_opencl import check

# image, filter, strides, padding
SHAPES = {
    "2 x 2": ((1, 8, 9, 20), (2, 2), (2, 2), "VALID"),
    "padded": ((2, 7, 8, 5), (3, 3), (2, 1), "SAME"),
    "the whole image": ((1, 7, 7, 70), (7, 7), (1, 1), "VALID"),
    "one channel": ((1, 9, 4, 1), (3, 2), (1, 2), "SAME"),
    "larger than the image": ((1, 2, 3, 4), (5, 5), (1, 1), "SAME"),
}


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_windows_of_many_shapes(op: str, shape: str, dtype: str) -> None:
    (batch, height, width, channels), filter, strides, padding = SHAPES[shape]
    places = [
        window(n, f, s, 1, padding).output for n, f, s in zip((height, width), filter, strides, strict=True)
    ]
    g = Builder()
    q: dict[str, Any] = {} if dtype == "float32" else {"scale": 0.05, "zero_point": 3}
    x = g.input((batch, height, width, channels), dtype, **q)
    y = g.tensor((batch, *places, channels), dtype, **q)
    options = {"stride_h": strides[0], "stride_w": strides[1], "padding": padding}
    g.op(
        op,
        [x],
        [y],
        filter_height=filter[0],
        filter_width=filter[1],
        fused_activation_function="RELU",
        **options,
    )
    check(g.model(), [random_array(dtype, (batch, height, width, channels), 7)])
