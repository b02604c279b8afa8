"""REVERSE_V2 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 6), data=st.data())
def test_every_type_is_read_backwards(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("REVERSE_V2", [x, g.constant(np.array([axis], np.int32))], [y], version=1)])

    check_moves(build, shape)
