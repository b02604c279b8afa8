"""PADV2 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from one_op import inputs_for
from one_op_opencl import check, refusal


@pytest.mark.parametrize(
    ("dtype", "value", "quantization"),
    [
        ("float32", 2.5, {}),
        ("int32", -7, {}),
        ("int64", 1 << 40, {}),
        ("int8", -100, {"scale": 0.5, "zero_point": 4}),
        ("uint8", 200, {"scale": 0.5, "zero_point": 100}),
    ],
)
def test_a_value_of_each_type_goes_around(dtype: str, value: float, quantization: dict[str, Any]) -> None:
    g = Builder()
    x = g.input((2, 3, 5), dtype, **quantization)
    paddings = g.constant(np.array([[0, 1], [2, 0], [1, 3]], np.int32))
    constant = g.constant(np.array(value, dtype), **quantization)
    y = g.op("PADV2", [x, paddings, constant], [g.tensor((3, 5, 9), dtype, **quantization)], version=2)
    check(g.model([y]), [inputs_for(x, 3)], half_rtol=1e-3)


def test_a_value_that_is_computed_is_refused() -> None:
    g = Builder()
    x, value = g.input((2,), "float32"), g.input((1,), "float32")
    y = g.op("PADV2", [x, g.constant(np.array([[0, 1]], np.int32)), value], [g.tensor((3,), "float32")])
    assert "needs constant paddings and value, found input 2" in refusal(g.model([y]))
