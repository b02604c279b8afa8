"""BUCKETIZE against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(0, 3, 1, 6),
    boundaries=st.lists(st.sampled_from([-10.0, -1.5, 0.0, 0.1, 1.0, 2.0, 16777216.0]), min_size=1).map(
        sorted
    ),
    dtype=st.sampled_from(["float32", "float64", "int32", "int64"]),
    seed=SEEDS,
)
def test_it_counts_the_boundaries_below(
    shape: tuple[int, ...], boundaries: list[float], dtype: str, seed: int
) -> None:
    g = Builder()
    x = g.input(shape, dtype)
    g.op("BUCKETIZE", [x], [g.tensor(shape, "int32")], boundaries=boundaries)
    limits = {} if dtype.startswith("float") else {"low": -12, "high": 12}
    check(g.model(), [inputs_for(x, seed, **limits)])


def test_an_integer_is_compared_as_the_nearest_float32() -> None:
    g = Builder()
    x = g.input((3,), "int32")
    g.op("BUCKETIZE", [x], [g.tensor((3,), "int32")], boundaries=[16777216.0])
    check(g.model(), [np.array([16777215, 16777216, 16777217], np.int32)])


def test_boundaries_that_fall_are_refused() -> None:
    g = Builder()
    x = g.input((1,), "float32")
    g.op("BUCKETIZE", [x], [g.tensor((1,), "int32")], boundaries=[2.0, 1.0])
    arrays = [np.zeros(1, np.float32)]
    check(g.model(), arrays, expect_refusal="needs boundaries in rising order, found [2.0, 1.0]")
