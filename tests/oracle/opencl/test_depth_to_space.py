"""DEPTH_TO_SPACE on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(4, 4, 1, 5), data=st.data())
def test_every_type_is_laid_out_as_blocks(shape: tuple[int, ...], data: Any) -> None:
    block = data.draw(st.integers(1, 3))
    shape = (*shape[:3], shape[3] * block * block)

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("DEPTH_TO_SPACE", [x], [y], block_size=block, version=1)])

    check_moves(build, shape)
