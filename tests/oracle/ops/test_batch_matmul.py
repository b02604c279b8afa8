"""BATCH_MATMUL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, broadcast_pairs, quantizations, zero_points

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 40), st.integers(1, 6))  # rows, depth, columns
TURNS = st.tuples(st.booleans(), st.booleans())


def _model(
    types: tuple[str, str, str],
    stacks: tuple[tuple[int, ...], tuple[int, ...]],
    sizes: tuple[int, ...],
    turns: tuple[bool, bool],
    stored: tuple[dict[str, Any], ...] = ({}, {}, {}),
    fixed: np.ndarray | None = None,
    **options: Any,
) -> Any:
    """Return a model, and the shapes of its two sides. ``fixed``: constant values of the second."""
    rows, depth, columns = sizes
    x_shape = (*stacks[0], depth, rows) if turns[0] else (*stacks[0], rows, depth)
    y_shape = (*stacks[1], columns, depth) if turns[1] else (*stacks[1], depth, columns)
    g = Builder()
    x = g.input(x_shape, types[0], **stored[0])
    if fixed is None:
        y = g.input(y_shape, types[1], **stored[1])
    else:
        y = g.constant(fixed.reshape(y_shape), **stored[1])
    stack = np.broadcast_shapes(*stacks)
    out = g.tensor((*stack, rows, columns), types[2], **stored[2])
    g.op("BATCH_MATMUL", [x, y], [out], adj_x=turns[0], adj_y=turns[1], version=4, **options)
    return g.model(), x_shape, y_shape


def _stacks(pair: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(tuple(shape)[-3:] for shape in pair)  # type: ignore[return-value]


@settings(max_examples=60, deadline=None)
@given(pair=broadcast_pairs(3, 3), sizes=SIZES, turns=TURNS, seed=SEEDS)
def test_stacks_of_float_matrices_are_broadcast(pair: Any, sizes: Any, turns: Any, seed: int) -> None:
    model, *shapes = _model(("float32",) * 3, _stacks(pair), sizes, turns)
    # Of one sign: a small sum of large terms would lose more digits than the rule allows, in LiteRT too.
    check(model, [random_array("float32", s, seed + i, 0.1, 1) for i, s in enumerate(shapes)])


def test_float_sums_are_no_further_from_the_true_ones_than_litert_s() -> None:
    model, *shapes = _model(("float32",) * 3, ((3,), (3,)), (20, 150, 30), (False, True))
    x, y = (random_array("float32", s, i, -1, 1) for i, s in enumerate(shapes))
    check(model, [x, y], exact64=x.astype(np.float64) @ y.astype(np.float64).swapaxes(1, 2))


@settings(max_examples=100, deadline=None)
@given(
    pair=broadcast_pairs(3, 3),
    sizes=SIZES,
    turns=TURNS,
    points=st.tuples(*[zero_points("int8")] * 3),
    spread=st.sampled_from([1e-3, 0.3, 1.0, 30.0]),
    fixed=st.booleans(),
    seed=SEEDS,
)
def test_int8_is_bit_for_bit(
    pair: Any, sizes: Any, turns: Any, points: Any, spread: float, fixed: bool, seed: int
) -> None:
    scales = (0.037, 0.011, 0.037 * 0.011 * 70 * np.sqrt(sizes[1]) / spread)
    stored = tuple({"scale": s, "zero_point": z} for s, z in zip(scales, points, strict=True))
    _, x_shape, y_shape = _model(("int8",) * 3, _stacks(pair), sizes, turns, stored)
    x, y = random_array("int8", x_shape, seed), random_array("int8", y_shape, seed + 1)
    model, *_ = _model(("int8",) * 3, _stacks(pair), sizes, turns, stored, y if fixed else None)
    check(model, [x] if fixed else [x, y])


@settings(max_examples=30, deadline=None)
@given(sizes=SIZES, turns=TURNS, seed=SEEDS, stored=quantizations("int8"))
def test_int32_sums_are_those_of_the_stored_values(sizes: Any, turns: Any, seed: int, stored: Any) -> None:
    types = ("int8", "int8", "int32")
    stored = stored | {"zero_point": 0}  # others, which LiteRT reads past, are refused
    model, *shapes = _model(types, ((2,), (1,)), sizes, turns, (stored, stored, {}))
    check(model, [random_array("int8", s, seed + i) for i, s in enumerate(shapes)])


@pytest.mark.parametrize("depth", [250, 1200])
def test_sums_that_float32_does_not_hold(depth: int) -> None:
    stored = tuple({"scale": s, "zero_point": z} for s, z in ((0.1, 127), (0.1, 127), (3e3, 0)))
    model, *shapes = _model(("int8",) * 3, ((), ()), (3, depth, 4), (False, False), stored)
    check(model, [random_array("int8", s, i) for i, s in enumerate(shapes)])


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize(
    "stacks",
    [((), ()), ((3,), ()), ((3,), (3,)), ((2, 3), (1,)), ((1, 2), (2, 1)), ((1,), (4,)), ((2,), (1, 1))],
)
@settings(max_examples=12, deadline=None)
@given(sizes=SIZES, turns=TURNS, many=st.booleans(), seed=SEEDS)
def test_float_rows_times_int8_columns(
    asymmetric: bool, stacks: Any, sizes: Any, turns: Any, many: bool, seed: int
) -> None:
    turns = (turns[0] and stacks != ((2, 3), (1,)), turns[1])  # refused otherwise, see below
    n = sizes[2] if many else 1
    axis = len(stacks[1]) + (0 if turns[1] else 1)
    stored = {"scale": np.linspace(0.01, 0.05, n), "zero_point": [0] * n, "axis": axis}
    types, options = ("float32", "int8", "float32"), {"asymmetric_quantize_inputs": asymmetric}
    _, x_shape, y_shape = _model(types, stacks, sizes, turns, ({}, stored, {}))
    y = random_array("int8", y_shape, seed)
    model, *_ = _model(types, stacks, sizes, turns, ({}, stored, {}), y, **options)
    check(model, [random_array("float32", x_shape, seed + 1, -3, 3)])


@pytest.mark.parametrize(
    ("stacks", "turned"),
    [(((2, 2), ()), False), (((2, 2), (2, 2)), False), (((1,), (2, 2)), False), (((2, 3), (1,)), True)],
)
def test_stacks_that_litert_mixes_up_are_refused(stacks: Any, turned: bool) -> None:
    stored = ({}, {"scale": 0.1, "zero_point": 0}, {})
    model, *shapes = _model(("float32", "int8", "float32"), stacks, (2, 3, 4), (turned, False), stored)
    arrays = [np.zeros(s, d) for s, d in zip(shapes, ("float32", "int8"), strict=True)]
    check(model, arrays, expect_refusal="needs no more than one batch axis longer than 1 on each side")


def test_int8_without_a_scale_is_refused() -> None:
    model, *shapes = _model(("int8",) * 3, ((), ()), (2, 3, 4), (False, False))
    arrays = [np.zeros(s, np.int8) for s in shapes]
    check(model, arrays, expect_refusal="needs one scale and zero point on each 8-bit tensor")
