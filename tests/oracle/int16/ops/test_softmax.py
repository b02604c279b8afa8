"""SOFTMAX of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import all_int16, stored
from one_op import random_array
from strategies import SEEDS, shapes

OUT = {"scale": 2.0**-15, "zero_point": 0}


@settings(max_examples=80, deadline=None)
@given(
    shape=shapes(1, 4),
    x=stored(1e-6, 1e-1),
    beta=st.sampled_from([1.0, 0.5, 3.0, 1e-3]),
    spread=st.sampled_from([1, 30, 1000]),
    seed=SEEDS,
)
def test_rows_are_bit_for_bit(shape: Any, x: Any, beta: float, spread: int, seed: int) -> None:
    check_op("SOFTMAX", [random_array("int16", shape, seed) // spread], "int16", x, OUT, beta=beta)


@pytest.mark.parametrize("scale", [1e-5, 1.5e-4, 1e-3])
@pytest.mark.parametrize("depth", [2, 1001, 20000])
def test_long_rows_are_bit_for_bit(depth: int, scale: float) -> None:
    x = random_array("int16", (3, depth), depth)
    check_op("SOFTMAX", [x], "int16", {"scale": scale, "zero_point": 0}, OUT, beta=1.0)


@pytest.mark.parametrize("scale", [1e-5, 1.5e-4, 1e-3])
def test_every_distance_is_bit_for_bit(scale: float) -> None:
    x = np.stack([np.full(1 << 16, 32767, np.int16), all_int16()], axis=-1)
    check_op("SOFTMAX", [x], "int16", {"scale": scale, "zero_point": 0}, OUT, beta=1.0)


def test_another_output_scale_is_refused_as_litert_does() -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    assert check_op("SOFTMAX", [np.int16([1, 2])], "int16", stored, stored, beta=1.0) is None
    why = "needs an output scale of 1 / 32768, found 0.1"
    check_op("SOFTMAX", [np.int16([1, 2])], "int16", stored, stored, beta=1.0, expect_refusal=why)
