"""EXPAND_DIMS against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import axes, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(0, 4, 1, 4), data=st.data(), computed=st.booleans())
def test_every_type_gains_an_axis(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    axis = data.draw(axes(len(shape) + 1))
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    new = list(shape)
    new.insert(axis % (len(shape) + 1), 1)

    def build(g: Builder, dtype: str) -> Model:
        x, where = g.input(shape, dtype), operand(g, axis, computed, kind)
        return g.model([g.op("EXPAND_DIMS", [x, where], [g.tensor(new, dtype)])])

    check_moves(build, shape, *([np.array(axis, kind)] if computed else []))
