"""UNPACK on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph import Builder, Model, Tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 6), data=st.data())
def test_every_type_is_cut_into_slices(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    kept = [d for i, d in enumerate(shape) if i != axis % len(shape)]

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        ys = [g.tensor(kept, dtype, **quantization) for _ in range(shape[axis])]
        out = g.op("UNPACK", [x], ys, axis=axis, num=shape[axis], version=2)
        return g.model([out] if isinstance(out, Tensor) else out)

    check_moves(build, shape)
