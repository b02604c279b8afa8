"""SPACE_TO_DEPTH on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(4, 4, 1, 5), data=st.data())
def test_every_type_is_gathered_from_blocks(shape: tuple[int, ...], data: Any) -> None:
    block = data.draw(st.integers(1, 3))
    shape = (shape[0], shape[1] * block, shape[2] * block, shape[3])

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        y = g.tensor((), dtype, **quantization)
        return g.model([g.op("SPACE_TO_DEPTH", [x], [y], block_size=block, version=1)])

    check_moves(build, shape)
