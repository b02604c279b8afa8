"""SQUEEZE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check
from strategies import shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(1, 5, 1, 3), data=st.data())
def test_every_type_loses_the_named_axes(shape: tuple[int, ...], data: Any) -> None:
    ones = [axis for axis, d in enumerate(shape) if d == 1]
    named = data.draw(st.lists(st.sampled_from(ones), unique=True) if ones else st.just([]))
    gone = named or ones
    left = tuple(d for axis, d in enumerate(shape) if axis not in gone)
    named = [axis - data.draw(st.sampled_from([0, len(shape)])) for axis in named]

    def build(g: Builder, dtype: str) -> Model:
        x = g.input(shape, dtype)
        return g.model([g.op("SQUEEZE", [x], [g.tensor(left, dtype)], squeeze_dims=named)])

    check_moves(build, shape)


def test_an_axis_that_is_not_of_size_one_is_refused() -> None:
    g = Builder()
    x = g.input((2, 1), "float32")
    g.op("SQUEEZE", [x], [g.tensor((1,), "float32")], squeeze_dims=[0])
    check(
        g.model(), [np.zeros((2, 1), np.float32)], expect_refusal="needs axes of size 1 to squeeze, found"
    )
    assert check(g.model(), [np.zeros((2, 1), np.float32)]) is None
