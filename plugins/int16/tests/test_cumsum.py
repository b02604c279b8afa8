"""CUMSUM on int16 against fractions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rational import real, rounded, run, scales, values


@settings(max_examples=100)
@given(
    x=values(12),
    x_scale=scales(1e-4, 1.0),
    y_scale=scales(1e-4, 1.0),
    exclusive=st.booleans(),
    reverse=st.booleans(),
)
def test_sums_are_exact_and_rounded_once(
    x: np.ndarray, x_scale: float, y_scale: float, exclusive: bool, reverse: bool
) -> None:
    rows, axis = x.reshape(2, 6), np.int32(1)
    found = run("CUMSUM", [rows, axis], x_scale, y_scale, exclusive=exclusive, reverse=reverse)
    expected = []
    for row in rows:
        parts = [row[k + exclusive :] if reverse else row[: k + 1 - exclusive] for k in range(6)]
        expected.append([rounded(real(sum(map(int, part)), x_scale), y_scale) for part in parts])
    assert found.tolist() == expected


def test_sums_saturate() -> None:
    assert run("CUMSUM", [np.int16([30000] * 3), np.int32(0)], 0.5, 0.5).tolist() == [30000, 32767, 32767]
