"""UNPACK against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check
from strategies import axes, shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(1, 5, 1, 4), data=st.data())
def test_every_type_falls_into_its_slices(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(axes(len(shape)))
    count = shape[axis]
    new = [*shape]
    del new[axis]

    def build(g: Builder, dtype: str) -> Model:
        x, outputs = g.input(shape, dtype), [g.tensor(new, dtype) for _ in range(count)]
        g.op("UNPACK", [x], outputs, axis=axis, num=count)
        return g.model(outputs)

    check_moves(build, shape)


def test_an_output_of_another_scale_is_refused() -> None:
    g = Builder()
    x = g.input((2, 2), "int8", scale=0.5, zero_point=0)
    outputs = [g.tensor((2,), "int8", scale=s, zero_point=0) for s in (0.5, 0.25)]
    g.op("UNPACK", [x], outputs, axis=0, num=2)
    arrays = [np.zeros((2, 2), np.int8)]
    check(g.model(outputs), arrays, expect_refusal="needs inputs and outputs of one scale and zero point")
    assert check(g.model(outputs), arrays) is None
