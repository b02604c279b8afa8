"""SOFTMAX, MEAN, reductions and pools of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, window
from hypothesis import given, settings
from hypothesis import strategies as st
from int16_opencl import STORED, check
from int16s import all_int16
from one_op import random_array
from reductions import reduction, reductions
from strategies import windows


def _softmax(values: np.ndarray, scale: float, beta: float = 1.0) -> None:
    g = Builder()
    x = g.input(values.shape, "int16", scale=scale, zero_point=0)
    y = g.tensor(values.shape, "int16", scale=2.0**-15, zero_point=0)
    check(g.model([g.op("SOFTMAX", [x], [y], beta=beta)]), [values])


@pytest.mark.parametrize("shape", [(5,), (2, 3, 1), (7, 64), (1, 2, 3, 4), (3, 20000)])
@pytest.mark.parametrize(("scale", "beta"), [(1e-6, 1.0), (1.5e-4, 0.5), (1e-3, 1.0), (1e-1, 1e-3)])
def test_a_softmax_is_bit_for_bit(shape: tuple[int, ...], scale: float, beta: float) -> None:
    _softmax(random_array("int16", shape, len(shape)), scale, beta)


@pytest.mark.parametrize("scale", [1e-5, 1.5e-4, 1e-3])
def test_every_distance_of_a_softmax_is_bit_for_bit(scale: float) -> None:
    _softmax(np.stack([np.full(1 << 16, 32767, np.int16), all_int16()], axis=-1), scale)


@pytest.mark.parametrize("op", ["MEAN", "REDUCE_MAX", "REDUCE_MIN"])
@settings(max_examples=20, deadline=None)
@given(case=reductions(), out=st.sampled_from([0.1, 0.09, 0.013, 4.0]))
def test_reductions_are_bit_for_bit(op: str, case: dict[str, Any], out: float) -> None:
    stored = {"scale": out if op == "MEAN" else 0.1, "zero_point": 0}
    model, _ = reduction(op, case | {"computed": False}, "int16", 2, STORED, stored)
    check(model, [random_array("int16", case["shape"], 7)])


@pytest.mark.parametrize("axes", [[1, 2], [3], [0, 3], [2, 3], [0, 1, 2, 3], [-3]])
def test_means_of_many_values_are_bit_for_bit(axes: list[int]) -> None:
    case = {"shape": (2, 19, 17, 35), "axes": axes, "keep_dims": True, "computed": False}
    model, _ = reduction("MEAN", case, "int16", 2, *({"scale": s, "zero_point": 0} for s in (0.02, 0.019)))
    check(model, [random_array("int16", (2, 19, 17, 35), 1)])


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@settings(max_examples=20, deadline=None)
@given(
    layout=windows(),
    channels=st.sampled_from([1, 3, 8, 17, 40]),
    activation=st.sampled_from(["NONE", "RELU"]),
)
def test_pools_are_bit_for_bit(op: str, layout: dict[str, Any], channels: int, activation: str) -> None:
    sizes = (layout["height"], layout["width"])
    strides = (layout["stride_h"], layout["stride_w"])
    places = [
        window(n, f, s, 1, layout["padding"]).output
        for n, f, s in zip(sizes, layout["filter"], strides, strict=True)
    ]
    g = Builder()
    x = g.input((2, *sizes, channels), "int16", **STORED)
    y = g.tensor((2, *places, channels), "int16", **STORED)
    options = {"filter_height": layout["filter"][0], "filter_width": layout["filter"][1]}
    options |= {"stride_h": strides[0], "stride_w": strides[1], "padding": layout["padding"]}
    g.op(op, [x], [y], fused_activation_function=activation, **options)
    check(g.model(), [random_array("int16", (2, *sizes, channels), 9)])


@pytest.mark.parametrize(
    "sizes", [((7, 5), (13, 11)), ((16, 9), (4, 18)), ((1, 1), (3, 4)), ((8, 8), (8, 8))]
)
@pytest.mark.parametrize("channels", [1, 9, 33])
@pytest.mark.parametrize("alignment", [(False, False), (True, False), (False, True)])
def test_an_image_of_another_size_is_bit_for_bit(sizes: Any, channels: int, alignment: Any) -> None:
    (height, width), new = sizes
    g = Builder()
    x = g.input((2, height, width, channels), "int16", **STORED)
    y = g.tensor((2, *new, channels), "int16", **STORED)
    options = {"align_corners": alignment[0], "half_pixel_centers": alignment[1]}
    g.op("RESIZE_BILINEAR", [x, g.constant(np.int32(new))], [y], **options)
    check(g.model(), [random_array("int16", (2, height, width, channels), 3)])
