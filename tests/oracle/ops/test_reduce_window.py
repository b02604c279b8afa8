"""REDUCE_WINDOW against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes

TYPES = ["float32", "float64", "int8", "uint8", "int32", "int64"]


@settings(max_examples=80, deadline=None)
@given(shape=shapes(1, 4, 1, 6), data=st.data(), seed=SEEDS)
def test_each_place_of_the_window_gives_one_value(shape: tuple[int, ...], data: Any, seed: int) -> None:
    function = data.draw(st.sampled_from(["ADD", "MUL", "MINIMUM", "MAXIMUM", "ALL", "ANY"]))
    dtype = "bool" if function in ("ALL", "ANY") else data.draw(st.sampled_from(TYPES))
    dilations = [data.draw(st.integers(1, 2)) for _ in shape]
    sizes = [data.draw(st.integers(1, (d - 1) // n + 1)) for d, n in zip(shape, dilations, strict=True)]
    strides = [data.draw(st.integers(1, 3)) for _ in shape]
    spec = zip(shape, sizes, dilations, strides, strict=True)
    new = [(d - (k - 1) * n - 1) // s + 1 for d, k, n, s in spec]
    g = Builder()
    x, init = g.input(shape, dtype), g.input((), dtype)
    window = [g.constant(np.array(v, np.int64)) for v in (sizes, strides, dilations)]
    g.op("REDUCE_WINDOW", [x, init, *window], [g.tensor(new, dtype)], reduce_function=function)
    limits = {"low": 0.5, "high": 1.5} if dtype.startswith("float") else {}
    check(g.model(), [inputs_for(x, seed, **limits), inputs_for(init, seed + 1, **limits)])
