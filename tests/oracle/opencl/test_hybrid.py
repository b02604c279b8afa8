"""Float activations times integer weights on OpenCL: each row of activations is rounded, as by LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve
from blockwise import LIMITS, products
from delegraph import Builder, Model, window
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from one_op_opencl import check, loaded
from runs_opencl import check_runs
from stateful import Cell, lstm_model, several
from strategies import SEEDS
from weighted import KINDS, Draw, fully_connected_of_zeros, weighted_model

DRAW = Draw(5, True, False, 1.0, (5, 0, 0), 0.3)
HALF_RTOL = 2e-2  # stored as half, some numbers are rounded to another step
NUMBERS = ["zeros", "zeros beside others", "tiny", "of one sign", "of two sizes", "at both ends"]
SCALES = [True, False]  # one for each channel of the weights, or one for all


def _convolution(
    op: str,
    kind: str = "float32 x int8",
    x: tuple[int, ...] = (2, 9, 8, 20),
    filters: tuple[int, ...] = (24, 3, 3, 20),
    stride: int = 1,
    draw: Draw = DRAW,
    **options: Any,
) -> tuple[Model, list[np.ndarray]]:
    """Return a model of CONV_2D or DEPTHWISE_CONV_2D with its inputs."""
    places = [window(n, f, stride, 1, "SAME").output for n, f in zip(x[1:3], filters[1:3], strict=True)]
    is_depthwise = op == "DEPTHWISE_CONV_2D"
    channels = filters[3] if is_depthwise else filters[0]
    if is_depthwise:
        options["depth_multiplier"] = channels // x[3]
    return weighted_model(
        op,
        KINDS[kind],
        draw,
        x,
        filters,
        (x[0], *places, channels),
        channel_axis=3 if is_depthwise else 0,
        stride_h=stride,
        stride_w=stride,
        padding="SAME",
        **options,
    )


@pytest.mark.parametrize("per_channel", SCALES)
@pytest.mark.parametrize(
    ("x", "filters", "stride"),
    [
        ((1, 21, 23, 3), (24, 3, 3, 3), 2),
        ((2, 14, 14, 24), (40, 1, 1, 24), 1),
        ((3, 5, 4, 7), (9, 2, 3, 7), 1),
        ((1, 90, 80, 3), (8, 3, 3, 3), 2),
    ],
)
def test_images_of_a_conv_2d_are_rounded_each_by_its_range(
    x: tuple[int, ...], filters: tuple[int, ...], stride: int, per_channel: bool
) -> None:
    draw = evolve(DRAW, per_channel=per_channel)
    model, inputs = _convolution("CONV_2D", x=x, filters=filters, stride=stride, draw=draw)
    check(model, [_unlike_rows(inputs[0])], half_rtol=HALF_RTOL)


@pytest.mark.parametrize("kind", ["float32 x uint8", "float32 x int4"])
def test_other_integers(kind: str) -> None:
    """LiteRT takes the bits of uint8 weights for int8."""
    for model, inputs in (_convolution("CONV_2D", kind), _fully_connected(6, 64, 24, kind)):
        check(model, inputs, half_rtol=HALF_RTOL)


def test_filters_in_groups() -> None:
    model, inputs = _convolution("CONV_2D", x=(2, 9, 8, 60), filters=(24, 3, 3, 20))
    check(model, [_unlike_rows(inputs[0])], half_rtol=HALF_RTOL)


@pytest.mark.parametrize("channels", [20, 40])
def test_images_of_a_depthwise_conv_2d(channels: int) -> None:
    model, inputs = _convolution("DEPTHWISE_CONV_2D", filters=(1, 3, 3, channels))
    check(model, [_unlike_rows(inputs[0])], half_rtol=HALF_RTOL)


@pytest.mark.parametrize("per_channel", SCALES)
def test_images_of_a_transpose_conv(per_channel: bool) -> None:
    shape, draw = np.array((2, 9, 8, 16), np.int32), evolve(DRAW, per_channel=per_channel)
    shapes = ((2, 5, 4, 20), (16, 3, 3, 20), (2, 9, 8, 16))
    options = {"stride_h": 2, "stride_w": 2, "padding": "SAME", "version": 4}
    kind = KINDS["float32 x int8"]
    model, inputs = weighted_model("TRANSPOSE_CONV", kind, draw, *shapes, leading=shape, **options)
    check(model, [_unlike_rows(inputs[0])], half_rtol=HALF_RTOL)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize(
    ("rows", "depth", "units"), [(1, 100, 150), (6, 64, 24), (33, 21, 10), (2, 9000, 3)]
)
def test_rows_of_a_fully_connected(rows: int, depth: int, units: int, asymmetric: bool) -> None:
    model, inputs = _fully_connected(rows, depth, units, asymmetric_quantize_inputs=asymmetric)
    check(model, [_unlike_rows(inputs[0])], half_rtol=HALF_RTOL)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("numbers", NUMBERS)
def test_rows_whose_range_is_odd(numbers: str, asymmetric: bool) -> None:
    model, (x,) = _fully_connected(5, 40, 20, asymmetric_quantize_inputs=asymmetric)
    made = {
        "zeros": x * 0,  # some of them -0.0
        "zeros beside others": np.concatenate([x[:1], x[1:] * 0]),
        "tiny": x * np.float32(1e-37),
        "of one sign": np.abs(x) + 1,
        "of two sizes": np.where(np.arange(40) == 7, x * 1000, x),
        "at both ends": np.where(x > 0, np.float32(1), np.float32(-1)),  # 0 lies between two steps
    }
    check(model, [made[numbers].astype(np.float32)], half_rtol=None)


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int4"])
def test_a_bias_stays_as_it_is_where_all_of_the_input_is_zero(dtype: str, activation: str) -> None:
    for rows, asymmetric in ((1, False), (3, True)):
        options = {"asymmetric_quantize_inputs": asymmetric, "fused_activation_function": activation}
        check(*fully_connected_of_zeros(dtype, rows, **options), half_rtol=None)


@pytest.mark.parametrize("asymmetric", [False, True])
def test_what_is_merged_comes_after_the_scales(asymmetric: bool) -> None:
    g = Builder()
    x, more = g.input((2, 8, 9, 12), "float32"), g.input((2, 11, 12, 20), "float32")
    pads = g.constant(np.array([[0, 0], [2, 1], [0, 3], [0, 0]], np.int32))
    scale = np.linspace(0.01, 0.02, 20 if asymmetric else 1)
    made = random_array("int8", (20, 1, 1, 12), 3, -127, 127)
    w = g.constant(made, scale=scale, zero_point=[0] * len(scale), axis=0)
    bias, factor = (g.constant(random_array("float32", (20,), seed, -2, 2)) for seed in (4, 5))
    padded = g.op("PAD", [x, pads], [g.tensor((2, 11, 12, 12), "float32")])
    result = (2, 11, 12, 20)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "version": 5}
    y = g.op("CONV_2D", [padded, w, bias], [g.tensor(result, "float32")], **options)
    y = g.op("MUL", [y, factor], [g.tensor(result, "float32")])
    y = g.op("ADD", [y, more], [g.tensor(result, "float32")], fused_activation_function="RELU")
    inputs = [random_array("float32", t.shape, 1, -1, 1) for t in (x, more)]
    check(g.model([y]), inputs, half_rtol=HALF_RTOL)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("adjoint", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("stacks", [((), ()), ((3,), (3,)), ((1,), (3,)), ((3,), ())])
def test_rows_of_a_batch_matmul(
    stacks: tuple[tuple[int, ...], tuple[int, ...]], adjoint: tuple[bool, bool], asymmetric: bool
) -> None:
    rows, depth, columns = 6, 37, 18
    g = Builder()
    x = g.input((*stacks[0], *((depth, rows) if adjoint[0] else (rows, depth))), "float32")
    shape = (*stacks[1], *((columns, depth) if adjoint[1] else (depth, columns)))
    y = g.constant(random_array("int8", shape, 1, -127, 127), scale=0.1, zero_point=0)
    z = g.tensor((*np.broadcast_shapes(*stacks), rows, columns), "float32")
    options = {"adj_x": adjoint[0], "adj_y": adjoint[1], "asymmetric_quantize_inputs": asymmetric}
    g.op("BATCH_MATMUL", [x, y], [z], version=4, **options)
    check(g.model([z]), [random_array("float32", x.shape, 2, -1, 1)], half_rtol=HALF_RTOL)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize(
    "features",
    [
        {},
        {"coupled": True, "weights": "uint8"},
        {"outputs": 6, "projection_bias": True, "proj_clip": 0.3},
        {"cell_clip": 0.2, "time_major": True, "batch": 3},
        {"activation": "RELU6"},
        {"peepholes": True},
        {"diagonal": (True, False, True, True)},
        {"norms": True, "cells": 9},
        {"depth": 40, "cells": 36, "steps": 6},
    ],
    ids=str,
)
def test_a_cell_rounds_its_input_and_its_state(features: dict[str, Any], asymmetric: bool) -> None:
    cell = Cell(**{"weights": "int8", "asymmetric": asymmetric, **features})
    model, weights = lstm_model("UNIDIRECTIONAL_SEQUENCE_LSTM", cell)
    check_runs(model, several(model, 3, cell.seed, weights), rtol=1e-5, half_rtol=4e-2)


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 70), st.integers(1, 40)),
    per_channel=st.booleans(),
    asymmetric=st.booleans(),
    seed=SEEDS,
)
def test_fully_connected_of_any_size(
    sizes: tuple[int, int, int], per_channel: bool, asymmetric: bool, seed: int
) -> None:
    draw = Draw(seed, per_channel, False, 1.0, (0, 0, 0), 0.3)
    model, inputs = _fully_connected(*sizes, draw=draw, asymmetric_quantize_inputs=asymmetric)
    check(model, inputs, half_rtol=None)


@pytest.mark.parametrize("dtype", LIMITS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_weights_in_blocks(dtype: str, data: Any) -> None:
    product = data.draw(products(dtype))
    check(product.model(), [product.x], expected=[product.expected()], half_rtol=None)


def test_a_first_channel_with_a_scale_of_0_is_still_of_integers() -> None:
    g = Builder()
    scales, integers = [0, 0.1, 0.2, 0.3], random_array("int8", (4, 16), 1, -127, 127)
    w, bias = g.constant(integers, scale=scales, zero_point=[0] * 4), g.constant(np.ones(4, np.float32))
    y = g.op("FULLY_CONNECTED", [g.input((3, 16), "float32"), w, bias], [g.tensor((3, 4), "float32")])
    check(g.model([y]), [random_array("float32", (3, 16), 2, -1, 1)], half_rtol=HALF_RTOL)


def test_a_row_claims_no_more_than_a_float_s_rounding() -> None:
    rows = [row for row in loaded().table.rows if " int8 " in row.types and row.types.startswith("float32")]
    assert {row.rtol for row in rows} == {1e-5}


def _fully_connected(
    rows: int, depth: int, units: int, kind: str = "float32 x int8", draw: Draw = DRAW, **options: Any
) -> tuple[Model, list[np.ndarray]]:
    shapes = ((rows, depth), (units, depth), (rows, units))
    return weighted_model("FULLY_CONNECTED", KINDS[kind], draw, *shapes, version=9, **options)


def _unlike_rows(x: np.ndarray) -> np.ndarray:
    """Return rows of which every other one is smaller, and none is around 0."""
    sizes = np.where(np.arange(len(x)) % 2, 0.3, 1.0).reshape(-1, *[1] * (x.ndim - 1))
    return np.asarray((x + 0.3) * sizes, np.float32)
