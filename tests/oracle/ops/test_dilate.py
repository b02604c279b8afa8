"""DILATE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import DTYPES, Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 4, 1, 3), data=st.data())
def test_every_type_is_spread(shape: tuple[int, ...], data: Any) -> None:
    apart = [data.draw(st.integers(1, 3)) for _ in shape]
    new = [(d - 1) * n + 1 for d, n in zip(shape, apart, strict=True)]

    def build(g: Builder, dtype: str) -> Model:
        x, dilations = g.input(shape, dtype), g.constant(np.array(apart, np.int32))
        value = g.constant(b"" if dtype == "string" else DTYPES[dtype].numpy.type(0), dtype)
        return g.model([g.op("DILATE", [x, dilations, value], [g.tensor(new, dtype)])])

    check_moves(build, shape, fill=0)


@settings(max_examples=10, deadline=None)
@given(dtype=st.sampled_from(["float32", "int8", "int64"]), seed=SEEDS)
def test_any_value_may_stand_in_between(dtype: str, seed: int) -> None:
    g = Builder()
    x, dilations = g.input((2, 3), dtype), g.constant(np.array([3, 2], np.int32))
    value = g.input((), dtype)
    g.op("DILATE", [x, dilations, value], [g.tensor((4, 5), dtype)])
    check(g.model(), [inputs_for(x, seed), inputs_for(value, seed + 1)])
