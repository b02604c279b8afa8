"""SIN on int16 against its series with 80 digits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from rational import each, real, rounded, run, scales, sine, values


@settings(max_examples=60)
@given(x=values(16), x_scale=scales(1e-05, 1.0), y_scale=scales(2**-15, 0.1))
def test_it_is_rounded_once(x: np.ndarray, x_scale: float, y_scale: float) -> None:
    found = run("SIN", [x], x_scale, y_scale)
    assert found.tolist() == each(lambda q: rounded(sine(real(q, x_scale)), y_scale), x)
