"""FULLY_CONNECTED against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from blockwise import LIMITS, Product, products
from delegraph.model import Blocks, Builder, Record
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, difference, random_array, run_op
from strategies import ACTIVATIONS, SEEDS
from weighted import DRAWS, KINDS, Draw, fully_connected_of_zeros, weighted_model

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 40), st.integers(1, 7))  # rows, depth, units


def _case(kind: str, draw: Draw, sizes: tuple[int, ...], activation: str, **options: Any) -> Any:
    rows, depth, units = sizes
    shapes = ((rows, depth), (units, depth), (rows, units))
    options |= {"fused_activation_function": activation}
    return weighted_model("FULLY_CONNECTED", KINDS[kind], draw, *shapes, **options)


@pytest.mark.parametrize("kind", ["uint8", "int8", "int8 x int4", "int8 x int2"])
@settings(max_examples=80, deadline=None)
@given(sizes=SIZES, draw=DRAWS, activation=ACTIVATIONS, has_bias=st.booleans())
def test_integers_are_bit_for_bit(
    kind: str, sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    draw = attrs.evolve(draw, spread=min(draw.spread, 20.0))  # beyond, casts overflow in LiteRT
    check(*_case(kind, draw, sizes, activation, has_bias=has_bias))


@pytest.mark.parametrize(
    "kind", ["float32", "float32 x int8", "float32 x uint8", "float32 x int4", "float32 x int2"]
)
@pytest.mark.parametrize("asymmetric", [False, True])
@settings(max_examples=40, deadline=None)
@given(sizes=SIZES, draw=DRAWS, activation=ACTIVATIONS, has_bias=st.booleans())
def test_floats_agree_with_litert(
    kind: str, asymmetric: bool, sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    options = {"has_bias": has_bias, "asymmetric_quantize_inputs": asymmetric}
    check(*_case(kind, draw, sizes, activation, version=9, **options))


def test_float_sums_are_no_further_from_the_true_ones_than_litert_s() -> None:
    draw = Draw(3, False, True, 1.0, (0, 0, 0), 0.5)
    model, (x, weights, bias) = _case("float32", draw, (50, 300, 40), "NONE", cancelling=True)
    exact = x.astype(np.float64) @ weights.astype(np.float64).T + bias
    check(model, [x, weights, bias], exact64=exact)


@pytest.mark.parametrize("activation", ["TANH", "SIGN_BIT"])
def test_hybrid_weights_also_have_the_curved_activations(activation: str) -> None:
    draw = Draw(3, False, False, 1.0, (0, 0, 0), 0.5)
    check(*_case("float32 x int8", draw, (5, 30, 20), activation))


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("value", [0.0, 3.5, -2.0])
def test_rows_of_one_value_are_quantized_as_litert_does(asymmetric: bool, value: float) -> None:
    draw = Draw(3, True, False, 1.0, (0, 0, 0), 0.5)
    model, _ = _case("float32 x int8", draw, (2, 24, 6), "NONE", asymmetric_quantize_inputs=asymmetric)
    rows = np.full((2, 24), value, np.float32)
    check(model, [rows])
    rows[1] = np.arange(24) - 12  # the range's ends are as far from 0: its middle is a tie
    check(model, [rows])


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int4"])
def test_a_bias_stays_as_it_is_where_all_of_the_input_is_zero(dtype: str, activation: str) -> None:
    for rows, asymmetric in ((1, False), (3, True)):
        options = {"asymmetric_quantize_inputs": asymmetric, "fused_activation_function": activation}
        check(*fully_connected_of_zeros(dtype, rows, **options))


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8", "float32 x int8"])
@pytest.mark.parametrize("sizes", [(1, 1280, 1001), (1, 640, 128), (300, 64, 256), (7, 5000, 3)])
def test_layers_of_real_sizes(kind: str, sizes: tuple[int, ...]) -> None:
    check(*_case(kind, Draw(5, True, False, 1.0, (5, -77, 0), 0.3), sizes, "NONE"))


@given(
    bias=st.lists(st.sampled_from([-1, 1]), min_size=5, max_size=5), near=st.integers(0, 60_000), seed=SEEDS
)
def test_sums_wrap_around_where_they_leave_int32(bias: tuple[int, ...], near: int, seed: int) -> None:
    g = Builder()
    x = g.input((3, 4), "int8", scale=0.1, zero_point=int(seed % 7) - 3)
    w = g.constant(random_array("int8", (5, 4), seed), scale=0.1, zero_point=0)
    ends = np.where(np.array(bias) > 0, 2**31 - 1 - near, -(2**31) + near).astype(np.int32)
    y = g.tensor((3, 5), "int8", scale=200000.0, zero_point=1)
    g.op("FULLY_CONNECTED", [x, w, g.constant(ends, scale=0.01, zero_point=0)], [y], version=4)
    check(g.model(), [random_array("int8", (3, 4), seed + 1)])


@settings(max_examples=40, deadline=None)
@given(
    exponent=st.integers(-20, 4), odd=st.booleans(), zero_point=st.sampled_from([-128, 0, 127]), seed=SEEDS
)
def test_ties_round_away_from_zero(exponent: int, odd: bool, zero_point: int, seed: int) -> None:
    scale = 2.0**exponent * (3.0 if odd else 1.0)
    g = Builder()
    x = g.input((64, 2), "int8", scale=1.0, zero_point=0)
    w = g.constant(np.int8([[1, 127], [-1, 0], [127, 127]]), scale=scale, zero_point=0)
    y = g.tensor((64, 3), "int8", scale=1.0, zero_point=zero_point)
    g.op("FULLY_CONNECTED", [x, w, None], [y], version=4)
    check(g.model(), [random_array("int8", (64, 2), seed)])


@pytest.mark.parametrize(
    ("shape", "weights", "keep", "out"),
    [
        ((0, 4), (3, 4), False, (0, 3)),
        ((2, 0), (3, 0), False, (2, 3)),
        ((2, 4), (0, 4), False, (2, 0)),
        ((2, 3, 4), (3, 4), False, (6, 3)),
        ((2, 3, 4), (5, 8), False, (3, 5)),
        ((2, 3, 4), (3, 4), True, (2, 3, 3)),
        ((4,), (3, 4), False, (1, 3)),
        ((4,), (3, 4), True, (3,)),
        ((), (3, 1), False, (1, 3)),
        ((0, 2, 4), (3, 4), True, (0, 2, 3)),
    ],
)
def test_the_input_is_taken_as_rows(
    shape: tuple[int, ...], weights: tuple[int, ...], keep: bool, out: tuple[int, ...]
) -> None:
    g = Builder()
    w, b = g.constant(random_array("float32", weights, 1)), g.constant(np.ones(weights[0], np.float32))
    y = g.tensor(out, "float32")
    g.op("FULLY_CONNECTED", [g.input(shape, "float32"), w, b], [y], keep_num_dims=keep, version=5)
    check(g.model(), [random_array("float32", shape, 2)])


@pytest.mark.parametrize("dtype", LIMITS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_weights_in_blocks(dtype: str, data: Any) -> None:
    product = data.draw(products(dtype))
    graph, expected = product.model().subgraphs[0], product.expected()
    weights = [None if t is None else t.data for t in graph.ops[0].inputs[1:]]
    (found,) = run_op(graph.ops[0], graph, [product.x, *weights])
    assert difference(found, expected) is None


def test_int4_weights_in_blocks_of_a_real_size() -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((3, 2048)).astype(np.float32)
    weights = random.integers(-8, 8, (512, 2048)).astype(np.int8)
    scales = random.uniform(0.01, 0.1, (512, 64)).astype(np.float16)
    exact = x.astype(np.float64) @ (weights.reshape(512, 64, 32) * scales[..., None]).reshape(512, 2048).T
    model = Product(x, weights, scales, None, "int4", "NONE").model()
    found = check(model, [x], resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES")
    assert found is not None
    assert np.abs(found[0] - exact).max() < 0.02 * np.abs(exact).max()  # what x loses as int8


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"scales": np.float32([[1, 1], [1, 1]])}, "found 4 constant scales of float32 for blocks of 32"),
        (
            {"scales": np.float16([[1], [1]])},
            "found 2 constant scales of float16 for blocks of 32 in 2×64",
        ),
        ({"zero_points": np.int32([[0, 1], [0, 0]])}, "found zero points in 'zero points'"),
        ({"size": 48}, "found blocks of 48 in shape 2×64"),
        ({"size": 0}, "found blocks of 0 in shape 2×64"),
        ({"shape": (2, 16)}, "found blocks of 2×16 in shape 2×64"),
        ({"axes": (0, 1)}, "found scales along axes (0, 1)"),
    ],
)
def test_other_blocks_are_refused(change: dict[str, Any], expected: str) -> None:
    g = Builder()
    scales = g.constant(change.pop("scales", np.ones((2, 2), np.float16)))
    points = change.pop("zero_points", None)
    change["zero_points"] = None if points is None else g.constant(points, name="zero points")
    blocks = Blocks(**{"scales": scales, "size": 32, **change})
    w = g.constant(np.ones((2, 64)), "int4", blocks=blocks)
    g.op("FULLY_CONNECTED", [g.input((1, 64), "float32"), w], [g.tensor((1, 2), "float32")])
    check(g.model(), [np.ones((1, 64), np.float32)], expect_refusal=expected)


@pytest.mark.parametrize("x", ["int8", "int16"])
def test_the_refusal_of_integers_times_blocks_names_the_blocks(x: str) -> None:
    g = Builder()
    w = g.constant(np.ones((2, 64)), "int4", blocks=Blocks(g.constant(np.ones((2, 2), np.float16)), 32))
    inputs = [g.input((1, 64), x, scale=0.1, zero_point=0), w]
    g.op("FULLY_CONNECTED", inputs, [g.tensor((1, 2), x, scale=0.1, zero_point=0)])
    assert check(g.model(), [np.ones((1, 64), x)]) is None
    check(g.model(), [np.ones((1, 64), x)], expect_refusal="found blocks of 32 on")


def _sparse_model(
    kind: str, block: int, shape: tuple[int, int], seed: int, asymmetric: bool = False
) -> Any:
    """Return a model whose weights keep every other block of a row, and its input. A block of 1 is none."""
    types, (units, depth) = KINDS[kind], shape
    kept = [[b for b in range(depth // block) if (b + row) % 2 == 0] for row in range(units)]
    segments = np.cumsum([0, *map(len, kept)])
    stored = random_array(types.weights, (int(segments[-1]) * block,), seed, -127, 127)
    levels = [_level("DENSE", units), _level("SPARSE_CSR", 0, segments, np.concatenate(kept))]
    order = {"traversal_order": (0, 1), "block_map": ()}
    if block > 1:
        levels.append(_level("DENSE", block))
        order = {"traversal_order": (0, 1, 2), "block_map": (1,)}
    sparsity = Record("SparsityParameters", {**order, "dim_metadata": tuple(levels)})
    x_q, y_q, b_q = ({"scale": s, "zero_point": z} for s, z in ((0.1, 3), (0.5, -3), (0.002, 0)))
    if not types.is_quantized:
        x_q = y_q = b_q = {}
    g = Builder()
    x = g.input((3, depth), types.x, **x_q)
    w = g.constant(
        stored, **({} if kind == "float32" else {"scale": [0.02] * units, "zero_point": [0] * units})
    )
    sparse = g._tensors[w.index] = attrs.evolve(w, shape=shape, sparsity=sparsity)
    b = g.constant(np.arange(units, dtype=types.bias), **b_q)
    y = g.tensor((3, units), types.x, **y_q)
    options = {"asymmetric_quantize_inputs": asymmetric}
    g.op("FULLY_CONNECTED", [x, sparse, b], [y], version=8, **options)
    return g.model(), [random_array(types.x, (3, depth), seed + 1, -100, 100)]


def _level(format: str, size: int, segments: Any = (), indices: Any = ()) -> Record:
    def vector(values: Any) -> Record | None:
        return Record("Int32Vector", {"values": tuple(map(int, values))}) if len(values) else None

    arrays = {"array_segments": vector(segments), "array_indices": vector(indices)}
    return Record("DimensionMetadata", {"format": format, "dense_size": size, **arrays})


@pytest.mark.parametrize("block", [1, 4, 16])
def test_sparse_float_weights(block: int) -> None:
    check(*_sparse_model("float32", block, (6, 32), 1))


@pytest.mark.parametrize("seed", range(5))
def test_sparse_int8_weights_round_twice(seed: int) -> None:
    check(*_sparse_model("int8", 16, (6, 64), seed))


@pytest.mark.parametrize("asymmetric", [False, True])
def test_sparse_hybrid_weights(asymmetric: bool) -> None:
    check(*_sparse_model("float32 x int8", 16, (6, 64), 1, asymmetric))


def test_sparse_8_bit_weights_in_other_blocks_are_refused() -> None:
    check(
        *_sparse_model("int8", 4, (6, 32), 1),
        expect_refusal="needs dense weights, or sparse ones in blocks",
    )


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("float32", {"fused_activation_function": "TANH"}, "needs a fused activation among"),
        ("float32", {"weights_format": "SHUFFLED4x16INT8"}, "needs the default format of weights"),
        (
            "int8",
            {"w": {"scale": [1.0] * 4, "zero_point": [0] * 4, "axis": 1}},
            "needs one scale for the weights",
        ),
        ("int8", {"y": {}}, "needs one scale on input and output"),
        ("int8", {"b": {"scale": 5.0, "zero_point": 0}}, "needs a bias scale within 0.02 output steps"),
    ],
)
def test_what_litert_refuses_is_refused_with_the_reason(
    kind: str, options: dict[str, Any], expected: str
) -> None:
    types, stored = KINDS[kind], {"scale": 1.0, "zero_point": 0}
    given = {k: options.pop(k, stored if types.is_quantized else {}) for k in "xwby"}
    g = Builder()
    x = g.input((2, 4), types.x, **given["x"])
    w = g.constant(np.ones((4, 4), types.weights), **given["w"])
    b = g.constant(np.zeros(4, types.bias), **given["b"])
    g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((2, 4), types.x, **given["y"])], **options)
    check(g.model(), [np.zeros((2, 4), types.x)], expect_refusal=expected)
