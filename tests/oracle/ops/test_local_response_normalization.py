"""LOCAL_RESPONSE_NORMALIZATION against LiteRT."""

from __future__ import annotations

import numpy as np
from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=40, deadline=None)
@given(
    shape=shapes(4, 4, 1, 6),
    radius=st.integers(0, 8),
    bias=st.sampled_from([1.0, 0.5, 3.0]),
    alpha=st.sampled_from([1.0, 1e-4, 0.3]),
    beta=st.sampled_from([0.5, 0.75, 1.0, 0.0]),
    seed=SEEDS,
)
def test_the_window_reaches_from_radius_below_to_one_less_above(
    shape: tuple[int, ...], radius: int, bias: float, alpha: float, beta: float, seed: int
) -> None:
    def exact(x: np.ndarray) -> np.ndarray:
        wide, total = x.astype(np.float64), np.zeros(x.shape)
        for c in range(shape[-1]):
            total[..., c] = np.square(wide[..., max(0, c - radius) : c + radius]).sum(-1)
        return np.asarray(wide * (bias + alpha * total) ** -beta)

    options = {"radius": radius, "bias": bias, "alpha": alpha, "beta": beta}
    x = random_array("float32", shape, seed)
    check_op("LOCAL_RESPONSE_NORMALIZATION", [x], "float32", exact64=exact, **options)


def test_a_rank_other_than_4_is_refused() -> None:
    x = np.ones((2, 3), np.float32)
    check_op(
        "LOCAL_RESPONSE_NORMALIZATION", [x], "float32", radius=1, expect_refusal="a rank of 4, found rank 2"
    )
