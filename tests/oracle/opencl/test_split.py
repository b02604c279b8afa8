"""SPLIT on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model, Tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 6), data=st.data())
def test_every_type_is_cut_into_equal_parts(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    count = data.draw(st.sampled_from([n for n in (1, 2, 3, 5) if shape[axis] % n == 0]))
    new = [*shape]
    new[axis] //= count

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        ys = [g.tensor(new, dtype, **quantization) for _ in range(count)]
        out = g.op("SPLIT", [g.constant(np.array(axis, np.int32)), x], ys, num_splits=count, version=2)
        return g.model([out] if isinstance(out, Tensor) else out)

    check_moves(build, shape)
