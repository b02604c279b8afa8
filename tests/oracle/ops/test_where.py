"""WHERE against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(1, 4, 1, 4),
    dtype=st.sampled_from(["bool", "float32", "int8", "uint8", "int32", "uint32", "int64"]),
    seed=SEEDS,
)
def test_it_gives_the_indices_of_what_is_not_zero(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    g = Builder()
    condition = g.input(shape, dtype)
    g.op("WHERE", [condition], [g.tensor((1, len(shape)), "int64")], version=1 if dtype == "bool" else 2)
    values = random_array("int8", shape, seed, 0, 1).astype(dtype)
    values.reshape(-1)[0] = 1  # LiteRT's Python interface cannot read an empty tensor
    check(g.model(), [values])


def test_nothing_gives_no_rows() -> None:
    from delegraph_reference.kernels.where import SUPPORT

    g = Builder()
    y = g.op("WHERE", [g.input((2, 3), "bool")], [g.tensor((1, 2), "int64")])
    (found,) = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])(np.zeros((2, 3), bool))
    assert (found.shape, found.dtype) == ((0, 2), np.int64)
