"""ELU on int16 against exp with 80 digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from rational import each, real, rounded, run, scales, values, with_digits


def elu(x: Fraction) -> Fraction | Decimal:
    return x if x >= 0 else with_digits(lambda v: v.exp() - 1, x)


@settings(max_examples=80)
@given(x=values(16), x_scale=scales(1e-6, 0.01), y_scale=scales(1e-6, 0.01))
def test_it_is_rounded_once(x: np.ndarray, x_scale: float, y_scale: float) -> None:
    found = run("ELU", [x], x_scale, y_scale)
    assert found.tolist() == each(lambda q: rounded(elu(real(q, x_scale)), y_scale), x)
