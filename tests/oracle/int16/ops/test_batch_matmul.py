"""BATCH_MATMUL of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, broadcast_pairs

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 40), st.integers(1, 6))  # rows, depth, columns
SPREADS = st.sampled_from([0.01, 0.5, 1.0, 3.0, 100.0])


def _check(stacks: Any, sizes: Any, turns: Any, y_type: str, spread: float, seed: int) -> None:
    """Compare one product; its outputs fill int16 where ``spread`` is 1."""
    rows, depth, columns = sizes
    x_shape = (*stacks[0], depth, rows) if turns[0] else (*stacks[0], rows, depth)
    y_shape = (*stacks[1], columns, depth) if turns[1] else (*stacks[1], depth, columns)
    largest = 2.0**15 * np.sqrt(depth) * (2.0**15 if y_type == "int16" else 2.0**7)
    g = Builder()
    x = g.input(x_shape, "int16", scale=0.1, zero_point=0)
    y = g.input(y_shape, y_type, scale=0.02, zero_point=0)
    scale = float(np.float32(0.1 * 0.02 * largest / 30000 / spread))
    out = g.tensor((*np.broadcast_shapes(*stacks), rows, columns), "int16", scale=scale, zero_point=0)
    g.op("BATCH_MATMUL", [x, y], [out], adj_x=turns[0], adj_y=turns[1], version=4)
    check(g.model(), [random_array("int16", x_shape, seed), random_array(y_type, y_shape, seed + 1)])


@pytest.mark.parametrize("y_type", ["int16", "int8"])
@settings(max_examples=80, deadline=None)
@given(
    pair=broadcast_pairs(3, 3),
    sizes=SIZES,
    turns=st.tuples(st.booleans(), st.booleans()),
    spread=SPREADS,
    seed=SEEDS,
)
def test_integers_are_bit_for_bit(
    y_type: str, pair: Any, sizes: Any, turns: Any, spread: float, seed: int
) -> None:
    _check(pair, sizes, turns, y_type, spread, seed)


@pytest.mark.parametrize("y_type", ["int16", "int8"])
def test_products_of_real_sizes(y_type: str) -> None:
    _check(((2, 3), (2, 3)), (49, 300, 64), (False, True), y_type, 1.0, 3)


def test_a_zero_point_is_refused_as_litert_does() -> None:
    g = Builder()
    x, y = (g.input((2, 2), "int16", scale=0.1, zero_point=z) for z in (0, 3))
    g.op("BATCH_MATMUL", [x, y], [g.tensor((2, 2), "int16", scale=0.1, zero_point=0)], version=4)
    arrays = [np.ones((2, 2), np.int16)] * 2
    assert check(g.model(), arrays) is None
    check(g.model(), arrays, expect_refusal="needs zero points of 0 on int16 tensors, found 3")
