"""The tables of 16-bit curves, against the curves themselves."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph_reference.fixed16 import logistic_table, look_up, tanh_table

EVERY = np.arange(-(1 << 15), 1 << 15)


def test_the_logistic_table_is_within_7_steps_of_the_function() -> None:
    real = 1 / (1 + np.exp(-EVERY / 2**12))
    assert np.abs(look_up(logistic_table(), EVERY) - real * 2**15).max() < 7


@pytest.mark.parametrize("integer_bits", range(7))
def test_the_tanh_tables_are_within_13_steps_of_the_function(integer_bits: int) -> None:
    real = np.tanh(EVERY * 2.0 ** (integer_bits - 15))
    assert np.abs(look_up(tanh_table(integer_bits), EVERY) - real * 2**15).max() < 13


def test_the_curves_at_zero_and_at_the_ends() -> None:
    ends = np.array([-(1 << 15), 0, (1 << 15) - 1])
    assert look_up(logistic_table(), ends).tolist() == [11, 1 << 14, (1 << 15) - 1 - 11]
    assert look_up(tanh_table(3), ends).tolist() == [-(1 << 15) + 1, 0, (1 << 15) - 1]


def test_tanh_is_odd_but_for_the_smallest_number() -> None:
    y = look_up(tanh_table(3), EVERY)
    assert (y[1:] == -y[:0:-1]).all()
