"""CUMSUM against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, axes, shapes


@settings(max_examples=80, deadline=None)
@given(
    shape=shapes(1, 5, 1, 6),
    dtype=st.sampled_from(["float32", "int32", "int64"]),
    exclusive=st.booleans(),
    reverse=st.booleans(),
    computed=st.booleans(),
    data=st.data(),
    seed=SEEDS,
)
def test_sums_run_along_the_axis(
    shape: tuple[int, ...], dtype: str, exclusive: bool, reverse: bool, computed: bool, data: Any, seed: int
) -> None:
    axis = np.array(data.draw(axes(len(shape))), np.int32)
    g = Builder()
    x = g.input(shape, dtype)
    where = g.input((), "int32") if computed else g.constant(axis)
    y = g.op("CUMSUM", [x, where], [g.tensor(shape, dtype)], exclusive=exclusive, reverse=reverse)
    check(g.model([y]), [random_array(dtype, shape, seed), *([axis] if computed else [])])
