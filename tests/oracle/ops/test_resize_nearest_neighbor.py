"""RESIZE_NEAREST_NEIGHBOR against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import EVERY_TYPE, check_moves, operand
from one_op import check
from strategies import shapes


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(4, 4, 1, 9),
    new=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    align_corners=st.booleans(),
    half_pixel_centers=st.booleans(),
    computed=st.booleans(),
)
def test_every_pixel_is_taken_from_its_nearest(
    shape: tuple[int, ...], new: tuple[int, int], computed: bool, **options: Any
) -> None:
    g = Builder()
    x, size = g.input(shape, "float32"), operand(g, new, computed)
    y = g.tensor((shape[0], *new, shape[3]), "float32")
    g.op("RESIZE_NEAREST_NEIGHBOR", [x, size], [y], version=3, **options)
    places = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    check(g.model(), [places, *([np.array(new, np.int32)] if computed else [])])


def test_every_type_is_resized() -> None:
    def build(g: Builder, dtype: str) -> Model:
        x, size = g.input((1, 2, 3, 2), dtype), g.constant(np.array([4, 5], np.int32))
        return g.model([g.op("RESIZE_NEAREST_NEIGHBOR", [x, size], [g.tensor((1, 4, 5, 2), dtype)])])

    assert len(EVERY_TYPE) == 21
    check_moves(build, (1, 2, 3, 2))


def test_an_image_of_three_axes_is_refused() -> None:
    g = Builder()
    x, size = g.input((2, 3, 2), "float32"), g.constant(np.array([4, 5], np.int32))
    g.op("RESIZE_NEAREST_NEIGHBOR", [x, size], [g.tensor((4, 5, 2), "float32")])
    arrays = [np.zeros((2, 3, 2), np.float32)]
    check(g.model(), arrays, expect_refusal="needs an image of 4 axes, found shape 2×3×2")
    assert check(g.model(), arrays) is None
