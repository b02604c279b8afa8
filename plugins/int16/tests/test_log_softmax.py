"""LOG_SOFTMAX on int16 against exp and ln with 80 digits."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from rational import real, rounded, run, scales, values, with_digits


def log_softmax(row: np.ndarray, scale: float) -> list[Decimal]:
    x = [real(q, scale) for q in row]
    return [with_digits(lambda v, *all_of: v - sum(e.exp() for e in all_of).ln(), v, *x) for v in x]


@settings(max_examples=80)
@given(x=values(12), x_scale=scales(1e-6, 0.01), y_scale=scales(1e-5, 0.1))
def test_it_is_rounded_once(x: np.ndarray, x_scale: float, y_scale: float) -> None:
    rows = x.reshape(3, 4)
    found = run("LOG_SOFTMAX", [rows], x_scale, y_scale)
    expected = [[rounded(y, y_scale) for y in log_softmax(row, x_scale)] for row in rows]
    assert found.tolist() == expected
