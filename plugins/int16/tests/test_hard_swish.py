"""HARD_SWISH on int16 against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from rational import each, real, rounded, run, scales, values


def hard_swish(x: Fraction) -> Fraction:
    return x * min(max(x + 3, Fraction(0)), Fraction(6)) / 6


@settings(max_examples=100)
@given(x=values(40), x_scale=scales(1e-6, 0.01), y_scale=scales(1e-6, 0.01))
@example(x=np.arange(-2048, 2048, dtype=np.int16), x_scale=2.0**-9, y_scale=2.0**-9)  # exact halves
@example(x=np.arange(-2048, 2048, dtype=np.int16), x_scale=0.75 * 2.0**-7, y_scale=2.0**-8)
def test_it_is_rounded_once(x: np.ndarray, x_scale: float, y_scale: float) -> None:
    found = run("HARD_SWISH", [x], x_scale, y_scale)
    assert found.tolist() == each(lambda q: rounded(hard_swish(real(q, x_scale)), y_scale), x)
