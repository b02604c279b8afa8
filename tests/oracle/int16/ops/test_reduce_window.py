"""REDUCE_WINDOW on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 4, 1, 6), data=st.data(), seed=SEEDS)
def test_each_place_of_the_window_gives_one_value(shape: tuple[int, ...], data: Any, seed: int) -> None:
    function = data.draw(st.sampled_from(["ADD", "MUL", "MINIMUM", "MAXIMUM"]))
    sizes = [data.draw(st.integers(1, d)) for d in shape]
    strides = [data.draw(st.integers(1, 3)) for _ in shape]
    new = [(d - k) // s + 1 for d, k, s in zip(shape, sizes, strides, strict=True)]
    g = Builder()
    x, init = g.input(shape, "int16"), g.input((), "int16")
    window = [g.constant(np.array(v, np.int64)) for v in (sizes, strides, [1] * len(shape))]
    g.op("REDUCE_WINDOW", [x, init, *window], [g.tensor(new, "int16")], reduce_function=function)
    check(g.model(), [inputs_for(x, seed), inputs_for(init, seed + 1)])
