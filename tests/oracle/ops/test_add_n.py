"""ADD_N against LiteRT."""

from __future__ import annotations

import numpy as np
from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5), n=st.integers(2, 6), dtype=st.sampled_from(["float32", "int32"]), seed=SEEDS)
def test_all_tensors_are_added(shape: tuple[int, ...], n: int, dtype: str, seed: int) -> None:
    check_op("ADD_N", [random_array(dtype, shape, seed + i) for i in range(n)], dtype)


def test_one_tensor_is_refused() -> None:
    check_op("ADD_N", [np.ones(2, np.float32)], "float32", expect_refusal="T T T* -> T")
