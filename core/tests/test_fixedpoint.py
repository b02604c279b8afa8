"""Factors as integers of 31 bits and powers of two, and what is rounded with them."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import InputError, quantize_multiplier, quantize_multipliers, rescale

WRITTEN = [  # a factor, and the multiplier and the shift that say multiplier * 2**(shift - 31)
    (0.0, 0, 0),
    (0.5, 1 << 30, 0),
    (1.0, 1 << 30, 1),
    (3.0, 3 << 29, 2),
    (-0.75, -3 << 29, 0),
    (1 - 2.0**-33, 1 << 30, 1),  # 31 bits carry it up to 1
    (2.0**-32, 1 << 30, -31),
    (2.0**-33, 0, 0),  # too small
]


def test_a_factor_becomes_a_multiplier_and_a_shift() -> None:
    assert [quantize_multiplier(real) for real, *_ in WRITTEN] == [(m, s) for _, m, s in WRITTEN]


def test_factors_of_channels_become_the_same() -> None:
    multipliers, shifts = quantize_multipliers(real for real, *_ in WRITTEN)
    assert multipliers.tolist() == [m for _, m, _ in WRITTEN]
    assert shifts.tolist() == [s for *_, s in WRITTEN]
    assert multipliers.dtype == shifts.dtype == np.int64
    assert [part.shape for part in quantize_multipliers([])] == [(0,), (0,)]


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_a_factor_that_is_no_number_is_refused(odd: float) -> None:
    with pytest.raises(InputError, match=f"needs scales that give a finite factor, found {odd}"):
        quantize_multipliers([1.0, odd])


def test_rescaling_rounds_twice_the_second_time_away_from_zero() -> None:
    x = np.array([3, -3, 1, -1, 6, -6], np.int32)
    # Half of 3 goes up to 2, half of that is 1; half of -3 goes up to -1, half of that away from zero.
    assert rescale(x, 1 << 30, -1).tolist() == [1, -1, 1, 0, 2, -2]
    # A shift and a multiplier for each channel; without a shift to the right there is one rounding.
    assert rescale(x[:2], np.array([1 << 30, 1 << 30]), np.array([0, -1])).tolist() == [2, -1]
    assert rescale(x[:2], 1 << 30, np.array([0, 3])).tolist() == [2, -12]
