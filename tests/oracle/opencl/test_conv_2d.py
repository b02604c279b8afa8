"""CONV_2D on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve
from delegraph import Builder, window
from delegraph_opencl.cpu import integers
from delegraph_opencl.device import pocl
from delegraph_opencl.device.device import Device
from one_op import random_array
from one_op_opencl import check, run
from weighted import KINDS, Draw, weighted_model

DRAW = Draw(5, True, False, 1.0, (5, 0, 0), 0.3)
# image, filter, filters, stride, dilation, padding
SHAPES = {
    "first layer": ((1, 21, 23, 3), (3, 3), 24, 2, 1, "SAME"),
    "pointwise": ((1, 14, 14, 24), (1, 1), 40, 1, 1, "SAME"),
    "one filter": ((2, 9, 8, 5), (3, 3), 1, 1, 1, "SAME"),
    "12 filters": ((1, 9, 8, 20), (1, 1), 12, 1, 1, "SAME"),
    "one pixel": ((1, 1, 1, 70), (1, 1), 150, 1, 1, "VALID"),
    "a line shorter than a tile": ((1, 5, 5, 40), (3, 3), 33, 1, 1, "SAME"),
    "strided pointwise": ((2, 7, 9, 17), (1, 1), 18, 2, 1, "VALID"),
    "dilated": ((1, 17, 15, 6), (3, 3), 20, 1, 4, "SAME"),
    "long lines of a window": ((1, 11, 9, 48), (3, 3), 16, 2, 1, "SAME"),
    "an image of 3 channels": ((1, 11, 30, 8), (3, 3), 3, 1, 1, "SAME"),
    "wide window": ((1, 12, 31, 2), (2, 9), 17, 1, 1, "VALID"),
    "9 filters, 67 channels": ((1, 6, 7, 67), (3, 2), 9, 1, 1, "SAME"),
    "a block of many rows": ((1, 40, 40, 9), (1, 1), 48, 1, 1, "SAME"),
    "window larger than the image": ((1, 3, 2, 4), (5, 5), 16, 1, 1, "SAME"),
}
# The defines of the CPU's instructions: those that the driver compiles for; 256 bits, with VNNI and without
# it; none at all.
IS_KNOWN = pytest.mark.skipif("avx_vnni" not in pocl.host_flags(), reason="a CPU without VNNI of 256 bits")
FORMS = [{}, pytest.param({"VNNI": 256}, marks=IS_KNOWN), {"HALVES": 1}, {"PLAIN": 1}]


def _case(kind: str, shape: tuple[Any, ...], groups: int = 1, draw: Draw = DRAW, **more: Any) -> Any:
    (batch, height, width, channels), filter, filters, stride, dilation, padding = shape
    places = [
        window(n, f, stride, dilation, padding).output for n, f in zip((height, width), filter, strict=True)
    ]
    options = {
        f"{name}_{axis}{end}": n
        for axis in "hw"
        for name, end, n in (("stride", "", stride), ("dilation", "_factor", dilation))
    }
    return weighted_model(
        "CONV_2D",
        KINDS[kind],
        draw,
        (batch, height, width, channels * groups),
        (filters * groups, *filter, channels),
        (batch, *places, filters * groups),
        padding=padding,
        **options,
        **more,
    )


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_images_and_filters_of_many_shapes(shape: str, kind: str) -> None:
    check(*_case(kind, SHAPES[shape], fused_activation_function="RELU6"))


@pytest.mark.parametrize("weights", [-128, -77, 1, 127])
@pytest.mark.parametrize("shape", SHAPES)
def test_weights_without_a_sign_lie_around_any_zero_point(shape: str, weights: int) -> None:
    check(*_case("uint8", SHAPES[shape], draw=evolve(DRAW, zero_points=(-28, weights, 5))))


@pytest.mark.parametrize("shape", ["first layer", "pointwise"])
def test_weights_of_4_bits(shape: str) -> None:
    check(*_case("int8 x int4", SHAPES[shape]))


@pytest.mark.parametrize("x", [-128, 127])
def test_inputs_that_are_all_on_one_side_of_zero(x: int) -> None:
    for kind in ("int8", "uint8"):
        check(*_case(kind, SHAPES["first layer"], draw=evolve(DRAW, zero_points=(x, 3, 0))))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["int8", "uint8"])
@pytest.mark.parametrize("shape", ["first layer", "pointwise", "12 filters", "9 filters, 67 channels"])
def test_processors_without_the_widest_instructions_compute_the_same(
    shape: str, kind: str, form: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, inputs = _case(kind, SHAPES[shape], draw=evolve(DRAW, zero_points=(5, -77, 0)))
    expected, _ = run(model, inputs)
    monkeypatch.setattr(integers, "instructions", lambda target: tuple(form.items()))
    found, _ = run(model, inputs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_for_cpus_with_fewer_and_smaller_registers(
    shape: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of bytes are chosen with VNNI of 256 bits, but computed with what there is."""
    monkeypatch.setattr(Device, "lanes", property(lambda device: 8))
    monkeypatch.setattr(Device, "vnni", property(lambda device: 256))
    monkeypatch.setattr(integers, "instructions", lambda target: ())
    check(*_case(kind, SHAPES[shape], fused_activation_function="RELU6"))


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_sums_that_float32_does_not_hold_are_exact(kind: str) -> None:
    """2**24 is exceeded from a depth of 520 on."""
    draw = evolve(DRAW, zero_points=(-128, -128, 0), spread=0.5)
    check(*_case(kind, ((1, 3, 3, 4000), (1, 1), 40, 1, 1, "VALID"), draw=draw), steps=0)


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (3, 20), (20, 5)])
def test_filters_in_groups(channels: int, filters: int, kind: str) -> None:
    check(*_case(kind, ((2, 9, 8, channels), (3, 3), filters, 1, 1, "SAME"), groups=3))


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU_N1_TO_1", "TANH"])
def test_fused_activations(activation: str) -> None:
    shape = ((1, 6, 7, 5), (2, 2), 19, 1, 1, "VALID")
    resolver = "BUILTIN_REF"
    if activation == "TANH":  # LiteRT computes it as if there were none
        model, (x,) = _case("float32", shape, fused_activation_function="TANH")
        plain, _ = _case("float32", shape, fused_activation_function="NONE")
        expected = check(plain, [x])
        check(model, [x], expected=[np.tanh(expected[0])], rtol=1e-5)
        return
    check(*_case("float32", shape, fused_activation_function=activation), resolver=resolver)


def test_weights_and_bias_that_are_computed() -> None:
    draw = Draw(5, True, True, 1.0, (5, 0, 0), 0.3)
    for shape in ("pointwise", "one filter", "first layer"):
        check(*_case("float32", SHAPES[shape], draw=draw))


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_an_addition_and_an_activation_are_computed_at_the_end(kind: str) -> None:
    g = Builder()
    q: dict[str, Any] = {"scale": 0.1, "zero_point": 3} if kind == "int8" else {}
    x, residual = g.input((1, 9, 10, 24), kind, **q), g.input((1, 9, 10, 24), kind, **q)
    if kind == "int8":
        w = g.constant(random_array("int8", (24, 1, 1, 24), 3, -127), scale=0.01)
        bias = g.constant(random_array("int32", (24,), 4, -500, 500), scale=0.001)
    else:
        w = g.constant(random_array("float32", (24, 1, 1, 24), 3, -1, 1))
        bias = g.constant(random_array("float32", (24,), 4, -1, 1))
    plain = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    y = g.op("CONV_2D", [x, w, bias], [g.tensor((1, 9, 10, 24), kind, **q)], version=3, **plain)
    z = g.op("ADD", [y, residual], [g.tensor((1, 9, 10, 24), kind, **q)], version=2)
    a = g.op("RELU", [z], [g.tensor((1, 9, 10, 24), kind, **q)], version=2)
    check(g.model([a]), [random_array(kind, (1, 9, 10, 24), seed) for seed in (1, 2)])


def test_a_merged_pad_and_constants_per_channel() -> None:
    g = Builder()
    x = g.input((1, 8, 9, 3), "float32")
    pads = g.constant(np.array([[0, 0], [2, 1], [0, 3], [0, 0]], np.int32))
    padded = g.op("PAD", [x, pads], [g.tensor((1, 11, 12, 3), "float32")])
    w = g.constant(random_array("float32", (20, 3, 3, 3), 3, -1, 1))
    bias = g.constant(random_array("float32", (20,), 4, -1, 1))
    valid = {"padding": "VALID", "stride_h": 2, "stride_w": 2}
    y = g.op("CONV_2D", [padded, w, bias], [g.tensor((1, 5, 5, 20), "float32")], **valid)
    factor = g.constant(random_array("float32", (20,), 5, -2, 2))
    scaled = g.op("MUL", [y, factor], [g.tensor((1, 5, 5, 20), "float32")])
    shift = g.constant(random_array("float32", (20,), 6, -2, 2))
    z = g.op("ADD", [scaled, shift], [g.tensor((1, 5, 5, 20), "float32")], fused_activation_function="RELU")
    check(g.model([z]), [random_array("float32", (1, 8, 9, 3), 1, -1, 1)])


def test_filters_of_which_each_stores_a_part_of_the_channels() -> None:
    """The quantized outputs are joined: none is stored on its own."""
    g = Builder()
    q = {"scale": 0.05, "zero_point": -3}
    x = g.input((1, 9, 8, 20), "int8", scale=0.02, zero_point=7)
    parts = []
    for channels, size in ((24, 1), (5, 3), (40, 3)):
        w = g.constant(random_array("int8", (channels, size, size, 20), channels, -127), scale=0.01)
        bias = g.constant(random_array("int32", (channels,), 4, -500, 500), scale=0.0002)
        part = g.tensor((1, 9, 8, channels), "int8", **q)
        same = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        parts.append(g.op("CONV_2D", [x, w, bias], [part], version=3, **same))
    y = g.op("CONCATENATION", parts, [g.tensor((1, 9, 8, 69), "int8", **q)], axis=3)
    check(g.model([y]), [random_array("int8", (1, 9, 8, 20), 1)])


def test_an_empty_batch_gives_an_empty_output() -> None:
    g = Builder()
    x, w = g.input((0, 4, 4, 2), "float32"), g.constant(np.ones((3, 2, 2, 2), np.float32))
    y = g.tensor((0, 3, 3, 3), "float32")
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    g.op("CONV_2D", [x, w, g.constant(np.zeros(3, np.float32))], [y], **options)
    check(g.model(), [np.zeros((0, 4, 4, 2), np.float32)])
