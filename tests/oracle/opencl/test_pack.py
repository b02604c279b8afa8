"""PACK on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(0, 4, 1, 6), data=st.data())
def test_every_type_is_stacked_along_a_new_axis(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    count = data.draw(st.integers(1, 4))

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        xs = [g.input(shape, dtype, **quantization) for _ in range(count)]
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("PACK", xs, [y], axis=axis, values_count=count, version=2)])

    check_moves(build, shape)
