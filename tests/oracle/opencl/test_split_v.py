"""SPLIT_V on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from strategies import shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 6), data=st.data())
def test_every_type_is_cut_into_parts_of_given_sizes(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    first = data.draw(st.integers(0, shape[axis]))
    sizes = data.draw(st.sampled_from([[first, shape[axis] - first], [first, -1]]))

    at = axis % len(shape)
    parts = [[*shape[:at], n, *shape[at + 1 :]] for n in (first, shape[axis] - first)]

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x = g.input(shape, dtype, **quantization)
        ys = [g.tensor(new, dtype, **quantization) for new in parts]
        spec = [g.constant(np.array(v, np.int32)) for v in (sizes, axis)]
        return g.model(g.op("SPLIT_V", [x, *spec], ys, num_splits=2, version=2))

    check_moves(build, shape)
