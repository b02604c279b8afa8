"""SLICE on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from one_op_opencl import refusal
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 6), data=st.data(), index=st.sampled_from(["int32", "int64"]))
def test_every_type_gives_a_block(shape: tuple[int, ...], data: Any, index: str) -> None:
    begin = [data.draw(st.integers(0, d - 1)) for d in shape]
    size = [
        data.draw(st.sampled_from([-1, *range(1, d - b + 1)])) for d, b in zip(shape, begin, strict=True)
    ]
    new = [d - b if n == -1 else n for d, b, n in zip(shape, begin, size, strict=True)]

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        spec = [g.constant(np.array(values, index)) for values in (begin, size)]
        return g.model([g.op("SLICE", [x, *spec], [g.tensor(new, dtype, **quantization)], version=5)])

    check_moves(build, shape)


def test_a_begin_that_is_computed_is_refused() -> None:
    g = Builder()
    x, begin = g.input((4,), "float32"), g.input((1,), "int32")
    y = g.op("SLICE", [x, begin, g.constant(np.array([2], np.int32))], [g.tensor((2,), "float32")])
    assert "needs constant begin and size, found input 1" in refusal(g.model([y]))


def test_a_block_of_other_quantization_is_refused() -> None:
    g = Builder()
    x, spec = g.input((4,), "int8", scale=0.5, zero_point=0), [g.constant(np.array([2], np.int32))] * 2
    y = g.op("SLICE", [x, *spec], [g.tensor((2,), "int8", scale=0.5, zero_point=1)], version=2)
    assert "needs values and output of one scale and zero point" in refusal(g.model([y]))


def test_without_quantization_only_version_1_is_taken() -> None:
    def why(version: int, dtype: str) -> str:
        g = Builder()
        x, spec = g.input((4,), dtype), [g.constant(np.array([2], np.int32))] * 2
        y = g.op("SLICE", [x, *spec], [g.tensor((2,), dtype)], version=version)
        return refusal(g.model([y]), {"quantized": False})

    assert why(1, "float32") == ""
    assert "version 1" in why(2, "float32")
    assert "float32" in why(1, "int8")
