"""L2_POOL_2D against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import check_pool, plain
from strategies import ACTIVATIONS, SEEDS, windows

SIDES = st.tuples(st.integers(1, 3), st.integers(1, 7))  # batch, channels


@settings(max_examples=60, deadline=None)
@given(layout=windows(), sides=SIDES, activation=ACTIVATIONS, seed=SEEDS)
def test_root_of_the_mean_square(
    layout: dict[str, Any], sides: tuple[int, int], activation: str, seed: int
) -> None:
    check_pool("L2_POOL_2D", "float32", layout, *sides, seed=seed, fused_activation_function=activation)


def test_infinities_and_nan_spread_as_in_litert() -> None:
    rows = [[np.nan, 1, np.inf, 1], [2, 3, 4, -np.inf], [1e30, 1, 2, 3], [0, 0, -0.0, 0]]
    check_pool(
        "L2_POOL_2D", "float32", plain(4, 4, (2, 2), 2, "VALID"), channels=1, values=np.float32(rows)
    )
