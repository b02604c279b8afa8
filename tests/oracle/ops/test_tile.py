"""TILE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 4, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_is_repeated(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    times = [data.draw(st.integers(1, 3)) for _ in shape]
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    new = [d * n for d, n in zip(shape, times, strict=True)]

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, times, computed, kind)
        return g.model([g.op("TILE", [x, spec], [g.tensor(new, dtype)])])

    check_moves(build, shape, *([np.array(times, kind)] if computed else []))
