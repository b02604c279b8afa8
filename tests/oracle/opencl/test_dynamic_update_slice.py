"""DYNAMIC_UPDATE_SLICE on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import inputs_for
from one_op_opencl import check
from strategies import SEEDS, shapes


@settings(max_examples=20, deadline=None)
@given(
    shape=shapes(1, 5, 1, 5),
    dtype=st.sampled_from(["float32", "int8", "int32", "int64", "bool"]),
    index=st.sampled_from(["int32", "int64"]),
    data=st.data(),
    seed=SEEDS,
)
def test_a_block_is_replaced(shape: tuple[int, ...], dtype: str, index: str, data: Any, seed: int) -> None:
    block = tuple(data.draw(st.integers(1, d)) for d in shape)
    start = [data.draw(st.integers(-2, d + 1)) for d in shape]
    g = Builder()
    x, update, place = g.input(shape, dtype), g.input(block, dtype), g.input((len(shape),), index)
    y = g.op("DYNAMIC_UPDATE_SLICE", [x, update, place], [g.tensor(shape, dtype)], version=2)
    arrays = [inputs_for(x, seed), inputs_for(update, seed + 1), np.array(start, index)]
    check(g.model([y]), arrays, half_rtol=1e-3)
