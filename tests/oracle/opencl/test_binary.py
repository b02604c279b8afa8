"""Elementwise ops of two operands on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Tensor
from elementwise import all_pairs, model_of
from one_op import random_array
from one_op_opencl import check, refusal

Shapes = tuple[tuple[int, ...], tuple[int, ...]]
# Broadcast neither way, along the channels, along the image, by a number, both ways, of another rank.
SHAPES: list[Shapes] = [
    ((2, 3, 5, 8), (2, 3, 5, 8)),
    ((2, 3, 5, 13), (13,)),
    ((2, 3, 5, 8), (2, 1, 1, 8)),
    ((1, 1, 1, 1), (2, 3, 5, 3)),
    ((3, 4, 1), (3, 4, 9)),
    ((3, 1, 5), (4, 1)),
    ((2, 1, 3, 1, 8), (1, 4, 1, 2, 1)),
    ((), ()),
]
OPS = ["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"]
WHOLE = ["ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"]


@pytest.mark.parametrize("shapes", SHAPES)
def test_operands_are_broadcast_both_ways(shapes: Shapes) -> None:
    arrays = [random_array("float32", shape, 3 + i) for i, shape in enumerate(shapes)]
    check(model_of("SUB", arrays, "float32"), arrays)


@pytest.mark.parametrize("op", OPS)
def test_floats(op: str) -> None:
    arrays = [random_array("float32", (3, 37), 3 + i, 0.5, 10) for i in (0, 1)]
    check(model_of(op, arrays, "float32"), arrays)


@pytest.mark.parametrize("activation", ["RELU", "RELU6", "RELU_N1_TO_1"])
def test_activations(activation: str) -> None:
    arrays = [random_array("float32", (3, 37), 3 + i) for i in (0, 1)]
    for op in ("ADD", "MUL"):
        model = model_of(op, arrays, "float32", fused_activation_function=activation)
        check(model, arrays, half_rtol=1e-2)  # the operands are larger than what is left of them
    stored = {"scale": 0.05, "zero_point": 3}
    pairs = [random_array("int8", (3, 37), 3 + i) for i in (0, 1)]
    model = model_of(
        "ADD", pairs, "int8", stored, stored, stored, version=2, fused_activation_function=activation
    )
    check(model, pairs)
    whole = [random_array("int32", (3, 5), 3 + i, -9, 9) for i in (0, 1)]
    check(model_of("SUB", whole, "int32", fused_activation_function=activation), whole)


def test_an_activation_that_litert_ignores_is_refused() -> None:
    arrays = [np.ones(2, np.float32)] * 2
    model = model_of("ADD", arrays, "float32", fused_activation_function="TANH")
    assert "found TANH" in refusal(model)


@pytest.mark.parametrize("op", WHOLE)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_integers(op: str, dtype: str) -> None:
    arrays = [random_array(dtype, shape, 3 + i) for i, shape in enumerate([(2, 3, 5), (3, 1)])]
    check(model_of(op, arrays, dtype), arrays)


@pytest.mark.parametrize("op", ["DIV", "FLOOR_DIV", "FLOOR_MOD"])
def test_integers_are_divided_by_constants(op: str) -> None:
    g = Builder()
    x = g.input((4, 5), "int32")
    y = g.op(op, [x, g.constant(np.int32([1, 2, -3, 7, -100]))], [g.tensor((4, 5), "int32")])
    check(g.model([y]), [random_array("int32", (4, 5), 3)])


def test_a_computed_divisor_of_integers_is_refused() -> None:
    arrays = [np.ones(2, np.int32)] * 2
    assert "a constant divisor" in refusal(model_of("FLOOR_DIV", arrays, "int32"))


@pytest.mark.parametrize("op", ["FLOOR_DIV", "FLOOR_MOD"])
def test_quotients_of_floats_are_cut_downwards(op: str) -> None:
    x, y = random_array("float32", (50, 1), 3), random_array("float32", (40,), 4)
    y = np.where(np.abs(y) < 0.01, np.float32(0.1), y)
    x[:6, 0], y[:3] = [0.3, 0.6, 0.7, 0.9, -0.3, 2.1], [0.1, -0.1, 0.3]
    check(model_of(op, [x, y], "float32"), [x, y], half_rtol=None)


def test_powers() -> None:
    x, y = random_array("float32", (50, 1), 3, 0.1, 5), random_array("float32", (40,), 4, -3, 3)
    check(model_of("POW", [x, y], "float32"), [x, y], half_rtol=2e-2)
    x, y = np.float32([[-2], [-1], [0], [1.5]]), np.float32([-3, -1, 0, 2, 3])
    check(model_of("POW", [x, y], "float32"), [x, y])


def test_angles() -> None:
    arrays = [random_array("float32", (3, 37), 3 + i) for i in (0, 1)]
    check(model_of("ATAN2", arrays, "float32"), arrays)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_sums_of_many(n: int) -> None:
    arrays = [random_array("float32", (3, 7), 3 + i) for i in range(n)]
    check(model_of("ADD_N", arrays, "float32"), arrays)


@pytest.mark.parametrize("shape", [(13,), (1, 1, 13), (3, 5, 13), (1,), (5, 1)])
def test_prelu_has_a_slope_for_any_part(shape: tuple[int, ...]) -> None:
    x, alpha = random_array("float32", (2, 3, 5, 13), 3), random_array("float32", shape, 4, -1, 1)
    g = Builder()
    y = g.op("PRELU", [g.input(x.shape, "float32"), g.constant(alpha)], [g.tensor(x.shape, "float32")])
    check(g.model([y]), [x])


def test_nan_is_kept_or_passed_over_as_litert_does() -> None:
    arrays = [np.float32([np.nan, 1, np.nan, 2, 3]), np.float32([1, np.nan, np.nan, 3, 2])]
    for op in ("MAXIMUM", "MINIMUM"):
        check(model_of(op, arrays, "float32"), arrays)
    for activation in ("RELU", "RELU6"):
        check(model_of("ADD", arrays, "float32", fused_activation_function=activation), arrays)


STORED: list[tuple[str, float]] = [
    ("ADD", 0.1), ("SUB", 0.11), ("MUL", 0.06), ("SQUARED_DIFFERENCE", 0.2), ("PRELU", 0.07),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(("op", "scale"), STORED)
def test_every_pair_of_stored_values_is_within_a_step(op: str, scale: float, dtype: str) -> None:
    if (op, dtype) == ("SQUARED_DIFFERENCE", "uint8"):
        pytest.skip("LiteRT has no such op")
    zero = 128 if dtype == "uint8" else 0
    stored = [{"scale": s, "zero_point": zero + z} for s, z in ((0.05, 3), (0.03, -7), (scale, -20))]
    version = 1 if op == "PRELU" else 2
    check(model_of(op, all_pairs(dtype), dtype, *stored, version=version), all_pairs(dtype))


def test_stored_quotients_are_refused_since_litert_gets_small_ones_wrong() -> None:
    stored = {"scale": 0.05, "zero_point": 0}
    model = model_of("DIV", all_pairs("uint8"), "uint8", stored, stored, stored, version=2)
    assert "found uint8 uint8 -> uint8" in refusal(model)


@pytest.mark.parametrize("op", ["MAXIMUM", "MINIMUM"])
def test_extremes_of_stored_values_are_exact(op: str) -> None:
    stored = {"scale": 0.05, "zero_point": 3}
    check(
        model_of(op, all_pairs("int8"), "int8", stored, stored, stored, version=2),
        all_pairs("int8"),
        steps=0,
    )


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(("activation", "bound"), [("RELU_N1_TO_1", 1.0), ("RELU6", 6.0)])
def test_an_activation_ends_where_float32_rounds_its_bound(
    activation: str, bound: float, dtype: str
) -> None:
    """Scales whose bound lies half a step from the next: 1 / 0.0392156877 is 25.5 in float32."""
    g = Builder()
    middle = {"int8": 0, "uint8": 128}[dtype]
    x = g.input((2,), dtype, scale=0.1, zero_point=middle)
    for steps in range(10, 40):
        scale = float(np.float32(bound / (steps + 0.5)))
        out = g.tensor((2,), dtype, scale=scale, zero_point=middle)
        g.op("ADD", [x, x], [out], fused_activation_function=activation)
    limits = np.iinfo(dtype)
    check(g.model(), [np.array([limits.min, limits.max], dtype)], steps=0)


def test_a_constant_operand_may_have_a_scale_of_its_own() -> None:
    g = Builder()
    x = g.input((2, 256), "int8", scale=0.05, zero_point=3)
    constant = g.constant(np.int8([[77], [-50]]), scale=0.01, zero_point=9)
    y = g.op("MUL", [constant, x], [g.tensor((2, 256), "int8", scale=0.03, zero_point=-4)], version=2)
    check(g.model([y]), [np.tile(np.arange(-128, 128, dtype=np.int8), (2, 1))])


def test_8_bits_without_a_scale_are_refused() -> None:
    assert "one scale and zero point" in refusal(model_of("ADD", all_pairs("int8"), "int8", version=2))


def test_float16_tensors_are_within_a_rounding() -> None:
    arrays = [random_array("float16", (3, 37), 3 + i) for i in (0, 1)]
    model = model_of("ADD", arrays, "float16", version=6)
    check(model, arrays, resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES")


def test_a_chain_of_ops_is_one_kernel_with_the_same_numbers() -> None:
    g = Builder()
    x, z = g.input((2, 3, 5, 8), "float32"), g.input((2, 3, 5, 8), "float32")
    shape: dict[str, Any] = {"shape": x.shape, "dtype": "float32"}

    def op(name: str, *operands: Tensor, **options: Any) -> Tensor:
        return g.op(name, operands, [g.tensor(**shape)], **options)  # type: ignore[no-any-return]

    per_channel = g.constant(random_array("float32", (8,), 4, 0.5, 2))
    y = op("MUL", op("ADD", x, z, fused_activation_function="RELU"), per_channel)
    y = op("PRELU", op("SUB", g.constant(np.float32(3)), op("TANH", y)), per_channel)
    y = op("DIV", op("HARD_SWISH", op("LEAKY_RELU", y, alpha=0.1)), z)
    check(g.model([y]), [random_array("float32", (2, 3, 5, 8), 4 + i, 0.5, 2) for i in (0, 1)])


def test_a_chain_of_stored_ops_is_rounded_at_each_tensor() -> None:
    g = Builder()
    x, z = (g.input((4, 64), "int8", scale=0.05, zero_point=z) for z in (3, -9))
    a = g.op("ADD", [x, z], [g.tensor((4, 64), "int8", scale=0.08, zero_point=1)], version=2)
    b = g.op("LEAKY_RELU", [a], [g.tensor((4, 64), "int8", scale=0.07, zero_point=0)], version=2, alpha=0.2)
    c = g.op("SUB", [b, z], [g.tensor((4, 64), "int8", scale=0.1, zero_point=5)], version=2)
    check(g.model([c]), [random_array("int8", (4, 64), 3 + i) for i in (0, 1)], steps=2)


@pytest.mark.parametrize("shape", [(1, 4, 4, 3), (2, 2, 2, 3), (1, 3, 3, 3), (2, 4, 4, 20), (1, 1, 5, 21)])
@pytest.mark.parametrize("computed", [False, True])
def test_few_channels_with_a_number_each(shape: tuple[int, ...], computed: bool) -> None:
    """Several pixels are taken for one where what differs by channel is constant."""
    g, channels = Builder(), shape[-1]
    x, y, z = (g.input(shape, "float32") for _ in range(3))
    scale = random_array("float32", (channels,), 5)
    factor = g.input((channels,), "float32") if computed else g.constant(scale)
    total = g.op("ADD", [x, y], [g.tensor(shape, "float32")])
    scaled = g.op("MUL", [total, factor], [g.tensor(shape, "float32")])
    shifted = g.op("SUB", [scaled, g.constant(scale)], [g.tensor(shape, "float32")])
    out = g.op("ADD", [shifted, z], [g.tensor(shape, "float32")], fused_activation_function="RELU")
    arrays = [random_array("float32", shape, i) for i in range(3)]
    check(g.model([out]), [*arrays, *([scale] if computed else [])], half_rtol=2e-2)
