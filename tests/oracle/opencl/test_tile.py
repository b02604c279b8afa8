"""TILE on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 4, 1, 5), data=st.data())
def test_every_type_is_repeated_along_each_axis(shape: tuple[int, ...], data: Any) -> None:
    times = data.draw(st.lists(st.integers(1, 3), min_size=len(shape), max_size=len(shape)))

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("TILE", [x, g.constant(np.array(times, np.int32))], [y], version=1)])

    check_moves(build, shape)
