"""RESIZE_BILINEAR on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes

ALIGNMENTS = st.sampled_from([{}, {"align_corners": True}, {"half_pixel_centers": True}])


@settings(max_examples=80, deadline=None)
@given(
    shape=shapes(4, 4, 1, 12),
    new=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    alignment=ALIGNMENTS,
    seed=SEEDS,
)
def test_every_pixel_is_mixed_from_its_neighbors(
    shape: tuple[int, ...], new: tuple[int, int], alignment: dict[str, Any], seed: int
) -> None:
    g = Builder()
    x, size = g.input(shape, "int16"), g.constant(np.array(new, np.int32))
    y = g.tensor((shape[0], *new, shape[3]), "int16")
    g.op("RESIZE_BILINEAR", [x, size], [y], version=4, **alignment)
    check(g.model(), [inputs_for(x, seed)])
