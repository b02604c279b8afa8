"""Float32 functions against Python's own in float64: off by one rounding, or by the few of a formula."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from delegraph_reference import transcendental

X = np.linspace(-20, 20, 4001).astype(np.float32)


def units_off(got: np.ndarray, function: Callable[..., float], *operands: np.ndarray) -> float:
    """Return the largest distance from the float64 results, in units of the last place of a float32."""
    exact = np.array([function(*map(float, values)) for values in zip(*operands, strict=True)])
    unit = np.spacing(np.maximum(np.abs(exact).astype(np.float32), np.float32(1e-30)))
    assert got.dtype == np.float32
    return float((np.abs(got - exact) / unit).max())


@pytest.mark.parametrize("name", ["exp", "expm1", "tanh"])
def test_functions_of_all_numbers_are_rounded_once(name: str) -> None:
    assert units_off(getattr(transcendental, name)(X), getattr(math, name), X) < 0.5001


def test_log_is_rounded_once() -> None:
    x = X[X > 0]
    assert units_off(transcendental.log(x), math.log, x) < 0.5001


def test_power_and_arctan2_are_rounded_once_and_broadcast() -> None:
    x, y = X[X > 0], np.full((X > 0).sum(), 2.7, np.float32)
    assert units_off(transcendental.power(x, y[:1]), math.pow, x, y) < 0.5001
    assert units_off(transcendental.arctan2(x, y[:1]), math.atan2, x, y) < 0.5001


def test_logistic_takes_three_roundings() -> None:
    assert units_off(transcendental.logistic(X), lambda x: 1 / (1 + math.exp(-x)), X) < 2.5


def test_erfc_keeps_its_relative_precision_far_out() -> None:
    x = np.linspace(-10, 9, 4001).astype(np.float32)
    assert units_off(transcendental.erfc(x), math.erfc, x) < 0.55


def test_erfc_of_more_than_one_block_is_computed_throughout() -> None:
    x = np.tile(np.float32([-1, 0, 1]), 20000).reshape(3, -1)
    y = transcendental.erfc(x)
    assert y.shape == x.shape
    np.testing.assert_array_equal(y.reshape(-1, 3), np.tile(transcendental.erfc(x[:1, :3]), (20000, 1)))


def test_gelu_takes_few_roundings() -> None:
    def exact(x: float) -> float:
        return 0.5 * x * math.erfc(-x / math.sqrt(2))

    x = np.linspace(-4, 10, 3001).astype(np.float32)
    assert units_off(transcendental.gelu(x), exact, x) < 17  # erfc(4 / sqrt(2)) takes one rounding 16 times


def test_gelu_of_float16_stays_float16() -> None:
    assert transcendental.gelu(np.float16([1, 2])).dtype == np.float16
    assert transcendental.gelu_by_tanh(np.float16([1, 2])).dtype == np.float16


def test_scalars_and_empty_arrays_keep_their_shape() -> None:
    for shape in ((), (0, 3)):
        x = np.ones(shape, np.float32)
        for name in ("exp", "logistic", "erfc", "gelu", "gelu_by_tanh"):
            assert getattr(transcendental, name)(x).shape == shape
