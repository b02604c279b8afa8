"""SPACE_TO_DEPTH against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check
from strategies import shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(4, 4, 1, 3), block=st.integers(1, 3))
def test_every_type_moves_from_space_to_depth(shape: tuple[int, ...], block: int) -> None:
    batch, height, width, depth = shape

    def build(g: Builder, dtype: str) -> Model:
        x = g.input((batch, height * block, width * block, depth), dtype)
        y = g.tensor((batch, height, width, depth * block * block), dtype)
        return g.model([g.op("SPACE_TO_DEPTH", [x], [y], block_size=block)])

    check_moves(build, (batch, height * block, width * block, depth))


def test_blocks_that_do_not_divide_are_refused() -> None:
    g = Builder()
    x = g.input((1, 2, 3, 4), "float32")
    g.op("SPACE_TO_DEPTH", [x], [g.tensor((1, 1, 1, 1), "float32")], block_size=2)
    arrays = [np.zeros((1, 2, 3, 4), np.float32)]
    check(g.model(), arrays, expect_refusal="that blocks divide, found shape")
    assert check(g.model(), arrays) is None
