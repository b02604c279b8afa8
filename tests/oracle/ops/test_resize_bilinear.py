"""RESIZE_BILINEAR against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for
from strategies import SEEDS, shapes

ALIGNMENTS = st.sampled_from(
    [{}, {"align_corners": True}, {"half_pixel_centers": True}]
)  # LiteRT refuses both together


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(4, 4, 1, 12),
    new=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    alignment=ALIGNMENTS,
    computed=st.booleans(),
    seed=SEEDS,
)
def test_every_pixel_is_mixed_from_its_neighbors(
    dtype: str,
    shape: tuple[int, ...],
    new: tuple[int, int],
    alignment: dict[str, Any],
    computed: bool,
    seed: int,
) -> None:
    g = Builder()
    x, size = g.input(shape, dtype), operand(g, new, computed)
    y = g.tensor((shape[0], *new, shape[3]), dtype)
    g.op("RESIZE_BILINEAR", [x, size], [y], version=3, **alignment)
    check(g.model(), [inputs_for(x, seed), *([np.array(new, np.int32)] if computed else [])])


def test_both_alignments_together_are_refused() -> None:
    g = Builder()
    x, size = g.input((1, 2, 3, 2), "float32"), g.constant(np.array([4, 5], np.int32))
    y = g.tensor((1, 4, 5, 2), "float32")
    g.op("RESIZE_BILINEAR", [x, size], [y], align_corners=True, half_pixel_centers=True)
    arrays = [np.zeros((1, 2, 3, 2), np.float32)]
    check(g.model(), arrays, expect_refusal="needs either half_pixel_centers or align_corners, found both")
    assert check(g.model(), arrays) is None
