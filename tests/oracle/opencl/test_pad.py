"""PAD on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 4, 1, 6), data=st.data())
def test_every_type_gets_zeros_around_it(shape: tuple[int, ...], data: Any) -> None:
    paddings = [[data.draw(st.integers(0, 3)) for _ in range(2)] for _ in shape]

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("PAD", [x, g.constant(np.array(paddings, np.int32))], [y], version=2)])

    check_moves(build, shape, fill=True)
