"""LiteRT's float32 approximations, against float64."""

from __future__ import annotations

import numpy as np
from delegraph_reference.approximations import logistic, tanh

X = np.linspace(-20, 20, 100_001).astype(np.float32)


def units_off(y: np.ndarray, exact: np.ndarray) -> float:
    """Return the largest distance in units in the last place."""
    return float((np.abs(y - exact) / np.spacing(np.abs(exact).astype(np.float32))).max())


def test_tanh_is_within_six_units_in_the_last_place() -> None:
    y = tanh(X)
    assert y.dtype == np.float32
    assert units_off(y, np.tanh(X.astype(np.float64))) < 6


def test_the_logistic_function_is_within_six_units_in_the_last_place() -> None:
    y = logistic(X)
    assert y.dtype == np.float32
    assert units_off(y, 1 / (1 + np.exp(-X.astype(np.float64)))) < 6


def test_far_from_zero_both_have_their_limits() -> None:
    far = np.float32([-np.inf, -200, 200, np.inf])
    assert tanh(far).tolist() == [-1, -1, 1, 1]
    with np.errstate(all="ignore"):
        assert logistic(far).tolist() == [0, 0, 1, 1]
