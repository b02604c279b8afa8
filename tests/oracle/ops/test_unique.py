"""UNIQUE against LiteRT."""

from __future__ import annotations

from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 30),
    dtype=st.sampled_from(["float32", "int8", "uint8", "int16", "int32", "int64"]),
    kind=st.sampled_from(["int32", "int64"]),
    seed=SEEDS,
)
def test_values_stand_in_the_order_of_their_first_occurrence(
    count: int, dtype: str, kind: str, seed: int
) -> None:
    g = Builder()
    x = g.input((count,), dtype)
    outputs = [g.tensor((1,), dtype), g.tensor((count,), kind)]
    g.op("UNIQUE", [x], outputs, idx_out_type=kind.upper())
    check(g.model(outputs), [random_array("int8", (count,), seed, 0, 9).astype(dtype)])
