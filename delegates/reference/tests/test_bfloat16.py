"""bfloat16 bits, rounded by hand."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph_reference import bfloat16


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        (0.0, 0x0000),
        (-0.0, 0x8000),
        (1.0, 0x3F80),
        (-2.0, 0xC000),
        (1 + 2**-8, 0x3F80),  # halfway between 1 and 1 + 2**-7: to the even one
        (1 + 3 * 2**-8, 0x3F82),  # halfway between 1 + 2**-7 and 1 + 2**-6: to the even one
        (1 + 2**-8 + 2**-20, 0x3F81),  # just above half: up
        (3.4e38, 0x7F80),  # beyond the largest: infinity
        (np.inf, 0x7F80),
        (-np.inf, 0xFF80),
        (np.nan, 0x7FC0),
    ],
)
def test_values_are_rounded_to_the_nearest_ties_to_even(value: float, bits: int) -> None:
    assert bfloat16.narrow(np.float32([value])).tolist() == [bits]


def test_widening_gives_back_every_value() -> None:
    bits = np.arange(65536, dtype=np.uint16)
    values = bfloat16.widen(bits)
    assert values.dtype == np.float32
    numbers = ~np.isnan(values)
    np.testing.assert_array_equal(bfloat16.narrow(values)[numbers], bits[numbers])
