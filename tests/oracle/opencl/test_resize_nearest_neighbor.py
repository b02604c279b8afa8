"""RESIZE_NEAREST_NEIGHBOR on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from one_op import inputs_for
from one_op_opencl import check
from strategies import SEEDS, shapes

FLAGS = st.fixed_dictionaries({"align_corners": st.booleans(), "half_pixel_centers": st.booleans()})
SIZES = st.tuples(st.integers(1, 20), st.integers(1, 20))


@settings(max_examples=20, deadline=None)
@given(shape=shapes(4, 4, 1, 8), new=SIZES, flags=FLAGS, seed=SEEDS)
def test_every_pixel_comes_from_the_nearest(
    shape: tuple[int, ...], new: tuple[int, int], flags: dict[str, bool], seed: int
) -> None:
    g = Builder()
    x, size = g.input(shape, "float32"), g.constant(np.array(new, np.int32))
    y = g.tensor((shape[0], *new, shape[3]), "float32")
    g.op("RESIZE_NEAREST_NEIGHBOR", [x, size], [y], version=3, **flags)
    check(g.model(), [inputs_for(x, seed)])


def test_every_type_is_resized() -> None:
    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        x, size = g.input((2, 5, 4, 3), dtype, **quantization), g.constant(np.array([9, 8], np.int32))
        y = g.tensor((2, 9, 8, 3), dtype, **quantization)
        return g.model([g.op("RESIZE_NEAREST_NEIGHBOR", [x, size], [y], version=2)])

    check_moves(build, (2, 5, 4, 3))
