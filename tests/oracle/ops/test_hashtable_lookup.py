"""HASHTABLE_LOOKUP against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for, random_array
from strategies import SEEDS, shapes


@settings(max_examples=40, deadline=None)
@given(
    keys=st.lists(st.integers(-20, 20), min_size=1, max_size=8, unique=True).map(sorted),
    rest=shapes(0, 2, 1, 3),
    data=st.data(),
    seed=SEEDS,
)
def test_a_missing_key_gives_zeros(keys: list[int], rest: tuple[int, ...], data: Any, seed: int) -> None:
    dtype = data.draw(st.sampled_from(["float32", "int8", "uint8", "int32", "int64", "bool"]))
    g = Builder()
    lookup, table = g.input((6,), "int32"), g.constant(np.array(keys, np.int32))
    values = g.input((len(keys), *rest), dtype)
    outputs = [g.tensor((6, *rest), dtype), g.tensor((6,), "uint8")]
    g.op("HASHTABLE_LOOKUP", [lookup, table, values], outputs)
    wanted = random_array("int32", (6,), seed, -20, 20)
    wanted[0] = keys[0]
    check(g.model(outputs), [wanted, inputs_for(values, seed)])
