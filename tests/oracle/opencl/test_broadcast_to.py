"""BROADCAST_TO on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 5), data=st.data())
def test_every_type_is_repeated_along_axes_of_size_1(shape: tuple[int, ...], data: Any) -> None:
    shape = tuple(data.draw(st.sampled_from([1, d])) for d in shape)
    new = [
        *data.draw(st.sampled_from([[], [2]])),
        *(data.draw(st.integers(1, 4)) if d == 1 else d for d in shape),
    ]

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("BROADCAST_TO", [x, g.constant(np.array(new, np.int32))], [y], version=3)])

    check_moves(build, shape)
