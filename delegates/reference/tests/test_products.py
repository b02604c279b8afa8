"""Exact products of integers through BLAS, against Python's own integers."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from delegraph_reference.products import exact_type, exact_weights, largest_magnitude, largest_sums


def _written_out(x: np.ndarray, weights: np.ndarray) -> list[list[int]]:
    columns = list(zip(*weights.tolist(), strict=True))
    return [[sum(a * b for a, b in zip(row, c, strict=True)) for c in columns] for row in x.tolist()]


@pytest.mark.parametrize("depth", [1, 517, 1200])
@pytest.mark.parametrize("extreme", [True, False])
def test_products_are_exact(depth: int, extreme: bool) -> None:
    rng = np.random.Generator(np.random.PCG64(depth))
    x = rng.integers(-128, 128, (3, depth)) if not extreme else np.full((3, depth), -128)
    weights = rng.integers(-128, 128, (depth, 4)) if not extreme else np.full((depth, 4), -128)
    weights[0, 0] = 127
    packed = exact_weights(weights, 128)
    assert (x.astype(packed.dtype) @ packed).tolist() == _written_out(x, weights)


def test_float32_serves_up_to_2_to_the_24() -> None:
    assert exact_type(2**24) == np.float32
    assert exact_type(2**24 + 1) == np.float64
    assert exact_type(2**53) == np.float64


def test_float32_is_not_exact_beyond() -> None:
    """The reason for the bound: a checker that finds nothing proves nothing."""
    assert np.float32(2**24) + np.float32(1) == np.float32(2**24)


def test_bounds_count_the_smallest_int8() -> None:
    """The magnitude of -128 does not fit int8."""
    assert largest_sums(np.full((2, 1), -128, np.int8), 3).tolist() == [768.0]


def test_weights_that_one_column_makes_large_are_float64() -> None:
    weights = np.zeros((2000, 3), np.int8)
    assert exact_weights(weights, 255).dtype == np.float32
    weights[:, 1] = 127
    assert exact_weights(weights, 255).dtype == np.float64  # 2000 * 127 * 255 > 2**24


def test_large_weights_are_bounded_in_little_memory() -> None:
    """Those of a classifier, as float64, would take more than all other weights of a model."""
    weights = np.full((1280, 1000), -128, np.int8)
    tracemalloc.start()
    try:
        assert (largest_sums(weights, 3) == 1280 * 128 * 3).all()
        assert tracemalloc.get_traced_memory()[1] < weights.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("dtype", "offset", "expected"),
    [("int8", 0, 128), ("uint8", 0, 255), ("int8", 127, 255), ("uint8", 200, 200)],
)
def test_largest_magnitude_of_stored_values(dtype: str, offset: int, expected: int) -> None:
    assert largest_magnitude(dtype, offset) == expected
