"""SQUARED_DIFFERENCE on int16 against TFLite Micro's steps in Python's integers."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import UnsupportedOps
from hypothesis import assume, given, settings
from rational import run, saturated, scales, twice_rounded, values


@settings(max_examples=100)
@given(
    x=values(20), y=values(20), x_scale=scales(1e-3, 1.0), y_scale=scales(1e-3, 1.0), out=scales(1e-3, 9.0)
)
def test_it_is_what_tflite_micro_computes(
    x: np.ndarray, y: np.ndarray, x_scale: float, y_scale: float, out: float
) -> None:
    common = 2 * max(x_scale, y_scale)
    assume(common * common / out < 1)
    found = run("SQUARED_DIFFERENCE", [x, y], x_scale, y_scale, out)
    expected = []
    for a, b in zip(x, y, strict=True):
        difference = twice_rounded(int(a), x_scale / common) - twice_rounded(int(b), y_scale / common)
        expected.append(saturated(twice_rounded(difference**2, common * common / out)))
    assert found.tolist() == expected


def test_a_factor_of_1_or_more_is_refused() -> None:
    with pytest.raises(UnsupportedOps, match="below 1, found a factor of 4"):
        run("SQUARED_DIFFERENCE", [np.int16([1]), np.int16([2])], 1.0, 1.0, 1.0)
