"""DYNAMIC_UPDATE_SLICE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for
from strategies import SEEDS, shapes

TYPES = ["float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"]


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 4, 1, 4), data=st.data(), computed=st.booleans(), seed=SEEDS)
def test_one_block_is_replaced(shape: tuple[int, ...], data: Any, computed: bool, seed: int) -> None:
    dtype, kind = data.draw(st.sampled_from(TYPES)), data.draw(st.sampled_from(["int32", "int64"]))
    block = [data.draw(st.integers(1, d)) for d in shape]
    start = [data.draw(st.integers(-2, d + 2)) for d in shape]  # moved to lie inside
    g = Builder()
    x, update, where = g.input(shape, dtype), g.input(block, dtype), operand(g, start, computed, kind)
    g.op("DYNAMIC_UPDATE_SLICE", [x, update, where], [g.tensor(shape, dtype)])
    given = [np.array(start, kind)] if computed else []
    check(g.model(), [inputs_for(x, seed), inputs_for(update, seed + 1), *given])
