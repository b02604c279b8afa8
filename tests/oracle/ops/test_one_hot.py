"""ONE_HOT against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for, random_array
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(shape=shapes(0, 3, 1, 4), data=st.data(), computed=st.booleans(), seed=SEEDS)
def test_a_row_is_on_at_its_index(shape: tuple[int, ...], data: Any, computed: bool, seed: int) -> None:
    dtype = data.draw(st.sampled_from(["float32", "int8", "uint8", "int32", "int64", "bool"]))
    kind, depth = data.draw(st.sampled_from(["int32", "int64"])), data.draw(st.integers(1, 4))
    axis = data.draw(st.integers(-1, len(shape)))
    new = [*shape]
    new.insert(axis if axis >= 0 else len(shape), depth)
    g = Builder()
    indices, size = g.input(shape, kind), operand(g, depth, computed)
    on, off = g.input((), dtype), g.input((), dtype)
    g.op("ONE_HOT", [indices, size, on, off], [g.tensor(new, dtype)], axis=axis)
    given = [np.array(depth, np.int32)] if computed else []
    picked = random_array(kind, shape, seed, -2, depth + 1)  # some outside, which are never on
    check(g.model(), [picked, *given, inputs_for(on, seed + 1), inputs_for(off, seed + 2)])
