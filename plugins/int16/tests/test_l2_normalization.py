"""L2_NORMALIZATION on int16 against integer square roots."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from rational import HIGH, LOW, run, scales, values


def normalized(row: np.ndarray, scale: float) -> list[int]:
    """|q| / sqrt(s) / scale is nearer to n + 1 than to n if (2 |q|)^2 >= s ((2 n + 1) scale)^2."""
    squares = sum(int(q) ** 2 for q in row)
    found = []
    for q in map(int, row):
        if not squares:
            found.append(0)
            continue
        # floor(x + 1/2) for x = |q| / (scale sqrt(squares)), from its square times 4.
        square = Fraction(4 * q * q, squares) / Fraction(scale) ** 2
        whole = (isqrt(square.numerator // square.denominator) + 1) // 2
        found.append(max(LOW, min(HIGH, whole if q >= 0 else -whole)))
    return found


@settings(max_examples=100)
@given(x=values(24), x_scale=scales(1e-4, 1e-1), y_scale=scales(2**-15, 0.01))
def test_it_is_rounded_once(x: np.ndarray, x_scale: float, y_scale: float) -> None:
    rows = x.reshape(2, 3, 4)
    found = run("L2_NORMALIZATION", [rows], x_scale, y_scale, version=2)
    expected = [[normalized(row, y_scale) for row in rows] for rows in rows]
    assert found.tolist() == expected


@pytest.mark.parametrize("scale", [1e-9, 1e-10])
def test_a_length_below_1e_minus_6_counts_as_that(scale: float) -> None:
    x = np.int16([[3, 4, 0, 0]])
    found = run("L2_NORMALIZATION", [x], scale, 2.0**-15, version=2)
    assert found.tolist() == [[round(q * float(np.float32(scale)) / 1e-6 * 2**15) for q in x[0]]]
