"""AVERAGE_POOL_2D against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import check_pool, plain
from strategies import ACTIVATIONS, SEEDS, quantizations, windows

OP = "AVERAGE_POOL_2D"
SIDES = st.tuples(st.integers(1, 3), st.integers(1, 7))  # batch, channels


@settings(max_examples=60, deadline=None)
@given(layout=windows(), sides=SIDES, activation=ACTIVATIONS, seed=SEEDS)
def test_floats(layout: dict[str, Any], sides: tuple[int, int], activation: str, seed: int) -> None:
    check_pool(OP, "float32", layout, *sides, seed=seed, fused_activation_function=activation)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@settings(max_examples=80, deadline=None)
@given(layout=windows(), sides=SIDES, activation=ACTIVATIONS, seed=SEEDS, data=st.data())
def test_integers_are_bit_for_bit(
    dtype: str, layout: dict[str, Any], sides: tuple[int, int], activation: str, seed: int, data: Any
) -> None:
    x = data.draw(quantizations(dtype, 1e-3, 10))
    check_pool(OP, dtype, layout, *sides, seed=seed, x=x, fused_activation_function=activation)


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("layout", [plain(7, 7, (7, 7), 1, "VALID"), plain(64, 61, (3, 3), 2, "SAME")])
def test_layers_of_real_sizes(dtype: str, layout: dict[str, Any]) -> None:
    x = {} if dtype == "float32" else {"scale": 0.1, "zero_point": 5}
    check_pool(OP, dtype, layout, 2, 320, x=x)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize(
    "layout",
    [
        plain(4, 4, (6, 6), 1, "SAME"),
        plain(4, 5, (1000, 65536), 2, "SAME"),
        plain(5, 4, (40000, 3), 40000, "SAME"),
        plain(4, 4, (5, 5), 1, "VALID"),
        plain(0, 4, (2, 2), 2, "SAME"),
    ],
)
def test_windows_larger_than_the_image_and_empty_images(dtype: str, layout: dict[str, Any]) -> None:
    check_pool(OP, dtype, layout, x={} if dtype == "float32" else {"scale": 0.1, "zero_point": 5})


def test_stored_numbers_are_averaged_whatever_the_scales() -> None:
    layout, x = plain(4, 4, (3, 3), 2, "SAME"), {"scale": 0.1, "zero_point": 3}
    check_pool(
        OP, "int8", layout, x=x, y={"scale": 0.2, "zero_point": -7}, fused_activation_function="RELU6"
    )
    check_pool(OP, "int8", layout, x={})


def test_infinities_and_nan_spread_as_in_litert() -> None:
    rows = [[np.nan, 1, np.inf, 1], [2, 3, 4, -np.inf], [np.inf, np.inf, 2, 3], [0, 0, -0.0, 0]]
    check_pool(OP, "float32", plain(4, 4, (2, 2), 2, "VALID"), channels=1, values=np.float32(rows))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"stride_h": 0}, "needs window sizes, strides and dilations of at least 1, found stride_h = 0"),
        ({"fused_activation_function": "TANH"}, "needs a fused activation among"),
        ({"x": {}, "fused_activation_function": "RELU"}, "needs an output with one scale where there is"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(change: dict[str, Any], expected: str) -> None:
    layout = plain(4, 4, (2, 2), 1, "SAME")
    layout |= {k: change.pop(k) for k in ("stride_h",) if k in change}
    given = {"x": {"scale": 0.1, "zero_point": 0}} | change
    check_pool(OP, "int8", layout, expect_refusal=expected, **given)
