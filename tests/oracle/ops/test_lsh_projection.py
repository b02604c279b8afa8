"""LSH_PROJECTION against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS


@settings(max_examples=60, deadline=None)
@given(
    seeds=st.tuples(st.integers(1, 3), st.integers(1, 8)),
    items=st.integers(1, 5),
    size=st.sampled_from([1, 2, 3, 4, 6, 7, 13, 15, 16, 30, 31, 61, 70, 200]),  # bytes of an item
    data=st.data(),
    seed=SEEDS,
)
def test_bits_come_from_the_hashes_of_items(
    seeds: tuple[int, int], items: int, size: int, data: Any, seed: int
) -> None:
    kind, dtype = (
        data.draw(st.sampled_from(["DENSE", "SPARSE"])),
        data.draw(st.sampled_from(["uint8", "int32"])),
    )
    g = Builder()
    functions, x = g.input(seeds, "float32"), g.input((items, size), dtype)
    weights = [g.input((items,), "float32")] if data.draw(st.booleans()) else []
    count = seeds[0] * (seeds[1] if kind == "DENSE" else 1)
    g.op("LSH_PROJECTION", [functions, x, *weights], [g.tensor((count,), "int32")], type=kind)
    check(g.model(), [inputs_for(t, seed + i) for i, t in enumerate([functions, x, *weights])])


def test_another_type_is_refused() -> None:
    g = Builder()
    seeds, x = g.input((1, 2), "float32"), g.input((2,), "int32")
    g.op("LSH_PROJECTION", [seeds, x], [g.tensor((1,), "int32")], type="UNKNOWN")
    arrays = [np.zeros((1, 2), np.float32), np.zeros(2, np.int32)]
    check(g.model(), arrays, expect_refusal="needs the option type SPARSE or DENSE, found UNKNOWN")
    assert check(g.model(), arrays) is None
