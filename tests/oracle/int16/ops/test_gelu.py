"""GELU on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import all_int16, stored

POINTS = st.integers(-99, 99)


@pytest.mark.parametrize("approximate", [False, True])
@settings(max_examples=60, deadline=None)
@given(x=stored(1e-06, 0.1), y=stored(1e-06, 0.1))
def test_every_stored_value_is_right_to_the_last_bit_of_erfc(approximate: bool, x: Any, y: Any) -> None:
    check_op("GELU", [all_int16()], "int16", x, y, version=2, approximate=approximate, steps=1)


@settings(max_examples=20, deadline=None)
@given(x=stored(1e-6, 0.1), y=stored(1e-6, 0.1), points=st.tuples(POINTS, POINTS))
def test_zero_points_count_as_they_do_in_litert(x: Any, y: Any, points: tuple[int, int]) -> None:
    x, y = ({**q, "zero_point": point} for q, point in zip((x, y), points, strict=True))
    check_op("GELU", [all_int16()], "int16", x, y, version=2, steps=1)


def test_int16_without_a_scale_is_refused() -> None:
    check_op("GELU", [np.int16([1])], "int16", version=2, expect_refusal="one scale on each int16 tensor")
