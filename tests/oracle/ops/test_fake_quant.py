"""FAKE_QUANT against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest
from elementwise import SPECIAL, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(0, 5, 0, 6),
    low=st.floats(-6, 0, width=32),
    high=st.floats(0.015625, 6, width=32),
    num_bits=st.integers(2, 16),
    seed=SEEDS,
)
def test_values_move_to_the_nearest_step(
    shape: tuple[int, ...], low: float, high: float, num_bits: int, seed: int
) -> None:
    check_op(
        "FAKE_QUANT",
        [random_array("float32", shape, seed)],
        "float32",
        min=low,
        max=high,
        num_bits=num_bits,
    )


def test_infinities_are_clipped_and_nan_becomes_the_lowest_value() -> None:
    check_op("FAKE_QUANT", [SPECIAL], "float32", min=-1.0, max=2.0, num_bits=8)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"min": -1.0, "max": 1.0, "num_bits": 8, "narrow_range": True}, "found narrow_range"),
        ({"min": 0.0, "max": 0.0, "num_bits": 8}, "min below max"),
        ({"min": -1.0, "max": 1.0, "num_bits": 17}, "17 bits from -1 to 1"),
    ],
)
def test_an_improper_range_is_refused(options: dict[str, float], why: str) -> None:
    check_op("FAKE_QUANT", [np.ones(2, np.float32)], "float32", expect_refusal=why, **options)
