"""RESIZE_BILINEAR on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import inputs_for
from one_op_opencl import check, refusal
from strategies import SEEDS, shapes

ALIGNMENTS = st.sampled_from([{}, {"align_corners": True}, {"half_pixel_centers": True}])


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
@settings(max_examples=20, deadline=None)
@given(
    shape=shapes(4, 4, 1, 12),
    new=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    alignment=ALIGNMENTS,
    seed=SEEDS,
)
def test_every_pixel_is_mixed_from_its_neighbors(
    dtype: str, shape: tuple[int, ...], new: tuple[int, int], alignment: dict[str, Any], seed: int
) -> None:
    g = Builder()
    q: dict[str, Any] = {"scale": 0.25, "zero_point": 3} if dtype != "float32" else {}
    x, size = g.input(shape, dtype, **q), g.constant(np.array(new, np.int32))
    y = g.tensor((shape[0], *new, shape[3]), dtype, **q)
    g.op("RESIZE_BILINEAR", [x, size], [y], version=3, **alignment)
    check(g.model(), [inputs_for(x, seed)])


@pytest.mark.parametrize(("dtype", "depth"), [("float32", 21), ("float32", 1), ("int8", 16)])
def test_large_images(dtype: str, depth: int) -> None:
    g = Builder()
    q: dict[str, Any] = {"scale": 0.25, "zero_point": 3} if dtype != "float32" else {}
    x, size = g.input((1, 33, 33, depth), dtype, **q), g.constant(np.array([257, 200], np.int32))
    y = g.tensor((1, 257, 200, depth), dtype, **q)
    g.op("RESIZE_BILINEAR", [x, size], [y], version=3, align_corners=True)
    check(g.model(), [inputs_for(x, 1)])


def test_ops_behind_it_are_computed_with_it() -> None:
    g = Builder()
    x, size = g.input((1, 5, 6, 9), "float32"), g.constant(np.array([10, 9], np.int32))
    resized = g.op("RESIZE_BILINEAR", [x, size], [g.tensor((1, 10, 9, 9), "float32")])
    scales = g.constant(np.linspace(-2, 2, 9, dtype=np.float32))
    y = g.op("MUL", [resized, scales], [g.tensor((1, 10, 9, 9), "float32")])
    other = g.input((1, 10, 9, 9), "float32")
    z = g.op("ADD", [y, other], [g.tensor((1, 10, 9, 9), "float32")], fused_activation_function="RELU")
    check(g.model([z]), [inputs_for(x, 1), inputs_for(other, 2)])


def test_both_alignments_together_are_refused() -> None:
    g = Builder()
    x, size = g.input((1, 2, 3, 2), "float32"), g.constant(np.array([4, 5], np.int32))
    y = g.tensor((1, 4, 5, 2), "float32")
    g.op("RESIZE_BILINEAR", [x, size], [y], align_corners=True, half_pixel_centers=True)
    assert "needs either half_pixel_centers or align_corners, found both" in refusal(g.model([y]))
