"""PACK against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check, inputs_for
from strategies import SEEDS, axes, shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(0, 4, 1, 4), data=st.data(), count=st.integers(1, 4))
def test_every_type_is_stacked_along_a_new_axis(shape: tuple[int, ...], data: Any, count: int) -> None:
    axis = data.draw(axes(len(shape) + 1))
    new = [*shape]
    new.insert(axis % (len(shape) + 1), count)

    def build(g: Builder, dtype: str) -> Model:
        x, y = g.input(shape, dtype), g.tensor(new, dtype)
        return g.model([g.op("PACK", [x] * count, [y], axis=axis, values_count=count)])

    check_moves(build, shape)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, dtype=st.sampled_from(["float32", "int8", "uint8", "int16", "int32", "int64"]))
def test_inputs_stand_in_their_order(seed: int, dtype: str) -> None:
    g = Builder()
    xs = [g.input((2, 3), dtype) for _ in range(3)]
    g.op("PACK", xs, [g.tensor((2, 3, 3), dtype)], axis=1, values_count=3)
    check(g.model(), [inputs_for(x, seed + i) for i, x in enumerate(xs)])


def test_an_output_of_another_scale_is_refused() -> None:
    g = Builder()
    x = g.input((2,), "int8", scale=0.5, zero_point=0)
    g.op("PACK", [x, x], [g.tensor((2, 2), "int8", scale=0.25, zero_point=0)], axis=0, values_count=2)
    arrays = [np.zeros(2, np.int8)]
    check(g.model(), arrays, expect_refusal="needs inputs and outputs of one scale and zero point")
    assert check(g.model(), arrays) is None
