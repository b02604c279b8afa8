"""AVERAGE_POOL_2D of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import stored
from pools import check_pool, plain
from strategies import ACTIVATIONS, SEEDS, windows

SIDES = st.tuples(st.integers(1, 3), st.integers(1, 7))  # batch, channels


@settings(max_examples=80, deadline=None)
@given(layout=windows(), sides=SIDES, x=stored(1e-5, 10), activation=ACTIVATIONS, seed=SEEDS)
def test_integers_are_bit_for_bit(
    layout: dict[str, Any], sides: tuple[int, int], x: Any, activation: str, seed: int
) -> None:
    check_pool(
        "AVERAGE_POOL_2D", "int16", layout, *sides, seed=seed, x=x, fused_activation_function=activation
    )


@pytest.mark.parametrize("layout", [plain(7, 7, (7, 7), 1, "VALID"), plain(64, 61, (3, 3), 2, "SAME")])
def test_layers_of_real_sizes(layout: dict[str, Any]) -> None:
    check_pool("AVERAGE_POOL_2D", "int16", layout, 2, 320, x={"scale": 0.1, "zero_point": 0})
