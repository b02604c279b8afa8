"""STABLEHLO_RNG_BIT_GENERATOR against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
from strategies import shapes

NUMBERS = st.one_of(st.sampled_from([0, 1, 2**32 - 1, 2**64 - 1]), st.integers(0, 2**64 - 1))


@settings(max_examples=60, deadline=None)
@given(
    state=st.lists(NUMBERS, min_size=2, max_size=3),
    algorithm=st.sampled_from(["DEFAULT", "PHILOX", "THREEFRY"]),
    shape=shapes(1, 3, 1, 5),
    dtype=st.sampled_from(["int32", "uint32", "int64", "uint64"]),
)
def test_a_state_decides_the_bits(
    state: list[int], algorithm: str, shape: tuple[int, ...], dtype: str
) -> None:
    state = state[:2] if algorithm == "THREEFRY" else state
    g = Builder()
    x = g.input((len(state),), "uint64")
    outputs = [g.tensor((len(state),), "uint64"), g.tensor(shape, dtype)]
    g.op("STABLEHLO_RNG_BIT_GENERATOR", [x], outputs, algorithm=algorithm)
    check(g.model(outputs), [np.array(state, np.uint64)])


def test_a_state_of_another_size_is_refused() -> None:
    g = Builder()
    x = g.input((3,), "uint64")
    outputs = [g.tensor((3,), "uint64"), g.tensor((4,), "uint32")]
    g.op("STABLEHLO_RNG_BIT_GENERATOR", [x], outputs, algorithm="THREEFRY")
    arrays = [np.zeros(3, np.uint64)]
    check(g.model(outputs), arrays, expect_refusal="needs a state of 2 numbers, or of 3 for PHILOX, found")
    assert check(g.model(outputs), arrays) is None
