"""SPLIT against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from one_op import check
from strategies import axes, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 4, 1, 3), data=st.data(), count=st.integers(1, 4), computed=st.booleans())
def test_every_type_falls_into_equal_parts(
    shape: tuple[int, ...], data: Any, count: int, computed: bool
) -> None:
    axis = data.draw(axes(len(shape)))
    whole = [*shape]
    whole[axis] *= count

    def build(g: Builder, dtype: str) -> Model:
        x, where = g.input(whole, dtype), operand(g, axis, computed)
        outputs = [g.tensor(shape, dtype) for _ in range(count)]
        g.op("SPLIT", [where, x], outputs, num_splits=count)
        return g.model(outputs)

    check_moves(build, whole, *([np.array(axis, np.int32)] if computed else []))


def test_another_number_of_outputs_than_num_splits_is_refused_as_litert_does() -> None:
    g = Builder()
    x, outputs = g.input((8,), "float32"), [g.tensor((2,), "float32") for _ in range(4)]
    g.op("SPLIT", [g.constant(np.int32(0)), x], outputs, num_splits=1)
    arrays, rule = [np.zeros(8, np.float32)], "needs as many outputs as num_splits says, found 4 outputs"
    check(g.model(outputs), arrays, expect_refusal=rule)
    assert check(g.model(outputs), arrays) is None
