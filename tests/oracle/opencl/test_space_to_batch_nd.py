"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves

BLOCKS = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIZES = st.integers(1, 4)


@settings(max_examples=15, deadline=None)
@given(blocks=BLOCKS, data=st.data())
def test_every_type_is_laid_out_along_the_batch(blocks: tuple[int, int], data: Any) -> None:
    before = [data.draw(st.integers(0, 2)) for _ in blocks]
    spatial = [data.draw(SIZES) for _ in blocks]
    after = [-(s + b) % n for s, b, n in zip(spatial, before, blocks, strict=True)]
    shape = (data.draw(st.integers(1, 2)), *spatial, data.draw(SIZES))

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        paddings = np.stack([before, after], axis=1).astype(np.int32)
        spec = [g.constant(np.array(blocks, np.int32)), g.constant(paddings)]
        y = g.op("SPACE_TO_BATCH_ND", [x, *spec], [g.tensor((), dtype, **quantization)], version=2)
        return g.model([y])

    check_moves(build, shape, fill=True)


@settings(max_examples=15, deadline=None)
@given(blocks=BLOCKS, data=st.data())
def test_every_type_is_interleaved_from_the_batch(blocks: tuple[int, int], data: Any) -> None:
    spatial = [data.draw(SIZES) for _ in blocks]
    before = [data.draw(st.integers(0, n - 1)) for n in blocks]
    after = [
        data.draw(st.integers(0, s * n - b - 1)) for s, n, b in zip(spatial, blocks, before, strict=True)
    ]
    shape = (data.draw(st.integers(1, 2)) * blocks[0] * blocks[1], *spatial, data.draw(SIZES))

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        crops = np.stack([before, after], axis=1).astype(np.int32)
        spec = [g.constant(np.array(blocks, np.int32)), g.constant(crops)]
        y = g.op("BATCH_TO_SPACE_ND", [x, *spec], [g.tensor((), dtype, **quantization)], version=2)
        return g.model([y])

    check_moves(build, shape)
