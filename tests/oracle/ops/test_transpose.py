"""TRANSPOSE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import permutations, shapes


@settings(max_examples=25, deadline=None)
@given(shape=shapes(1, 6, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_gets_its_axes_in_another_order(
    shape: tuple[int, ...], data: Any, computed: bool
) -> None:
    order = np.array(data.draw(permutations(len(shape))), np.int32)
    if len(order) and data.draw(st.booleans()):
        order[0] -= len(order)  # counted from the other end

    def build(g: Builder, dtype: str) -> Model:
        x, permutation = g.input(shape, dtype), operand(g, order, computed)
        new = [shape[axis] for axis in order]
        return g.model([g.op("TRANSPOSE", [x, permutation], [g.tensor(new, dtype)])])

    check_moves(build, shape, *([order] if computed else []))


def test_an_axis_named_twice_is_an_input_error() -> None:
    from delegraph_reference.kernels.transpose import SUPPORT

    g = Builder()
    x, permutation = g.input((2, 3), "float32"), g.input((2,), "int32")
    y = g.op("TRANSPOSE", [x, permutation], [g.tensor((2, 3), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=r"needs a permutation of 2 axes, found \(1, 1\)"):
        run(np.zeros((2, 3), np.float32), np.array([1, 1], np.int32))
