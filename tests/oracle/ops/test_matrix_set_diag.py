"""MATRIX_SET_DIAG against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(
    shape=shapes(2, 4, 1, 4),
    dtype=st.sampled_from(["float32", "int8", "uint8", "int16", "int32", "int64"]),
    seed=SEEDS,
)
def test_a_diagonal_is_replaced(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    g = Builder()
    x, diagonal = g.input(shape, dtype), g.input((*shape[:-2], min(shape[-2:])), dtype)
    g.op("MATRIX_SET_DIAG", [x, diagonal], [g.tensor(shape, dtype)])
    check(g.model(), [inputs_for(x, seed), inputs_for(diagonal, seed + 1)])


def test_a_diagonal_of_another_size_is_refused() -> None:
    g = Builder()
    x, diagonal = g.input((2, 3), "float32"), g.input((3,), "float32")
    g.op("MATRIX_SET_DIAG", [x, diagonal], [g.tensor((2, 3), "float32")])
    arrays = [np.zeros((2, 3), np.float32), np.zeros(3, np.float32)]
    check(g.model(), arrays, expect_refusal="needs matrices and a diagonal for each, found shapes")
