"""SQUEEZE on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 3, 2, 5), data=st.data())
def test_every_type_loses_axes_of_size_1(shape: tuple[int, ...], data: Any) -> None:
    shape = (1, *shape, 1)
    dims = data.draw(st.sampled_from([[], [0], [-1], [0, len(shape) - 1]]))

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("SQUEEZE", [x], [y], squeeze_dims=dims, version=1)])

    check_moves(build, shape)
