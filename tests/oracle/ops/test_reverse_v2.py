"""REVERSE_V2 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 5, 1, 4), data=st.data(), computed=st.booleans())
def test_every_type_is_read_backwards(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    first = data.draw(st.integers(0, len(shape) - 1))
    last = data.draw(st.integers(first, len(shape) - 1))
    axes = list(range(first, last + 1))  # LiteRT takes axes that follow one another

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, axes, computed)
        return g.model([g.op("REVERSE_V2", [x, spec], [g.tensor(shape, dtype)])])

    check_moves(build, shape, *([np.array(axes, np.int32)] if computed else []))
