"""SOFTMAX against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import DEFAULT, EIGHT_BIT, check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, quantizations, shapes

BETAS = st.sampled_from([1.0, 0.5, 2.0, 0.1])
DEPTHS = st.sampled_from([1, 2, 10, 100, 257, 400])


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 5, 1, 7), beta=BETAS, seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(
    shape: tuple[int, ...], beta: float, seed: int
) -> None:
    def exact(x: np.ndarray) -> np.ndarray:
        e = np.exp((x.astype(np.float64) - x.max(-1, keepdims=True)) * beta)
        return np.asarray(e / e.sum(-1, keepdims=True))

    check_op("SOFTMAX", [random_array("float32", shape, seed)], "float32", beta=beta, exact64=exact)


def test_a_long_row_is_as_near_to_the_truth_as_litert_has_it() -> None:
    def exact(x: np.ndarray) -> np.ndarray:
        e = np.exp(x.astype(np.float64))
        return np.asarray(e / e.sum(-1, keepdims=True))

    check_op("SOFTMAX", [random_array("float32", (1, 1001), 7)], "float32", beta=1.0, exact64=exact)


@pytest.mark.parametrize("row", [[np.inf, 1], [-np.inf, 1], [-np.inf, -np.inf], [np.nan, 1], [3e38, -3e38]])
def test_infinities_and_nan_go_through(row: list[float]) -> None:
    check_op("SOFTMAX", [np.float32([row, [1, 2]])], "float32", beta=1.0)


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 3, 1, 7), beta=BETAS, seed=SEEDS)
def test_float16_is_rounded_as_litert_rounds_it(shape: tuple[int, ...], beta: float, seed: int) -> None:
    x = random_array("float16", shape, seed)
    check_op("SOFTMAX", [x], "float16", version=4, beta=beta, resolver=DEFAULT, rtol=0)


@settings(max_examples=60, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), depth=DEPTHS, beta=BETAS, data=st.data(), seed=SEEDS)
def test_stored_values_are_bit_for_bit(dtype: str, depth: int, beta: float, data: Any, seed: int) -> None:
    stored = data.draw(quantizations(dtype, 0.05, 10))
    out = {"scale": 1 / 256, "zero_point": np.iinfo(dtype).min}
    x = random_array(dtype, (3, depth), seed)
    check_op("SOFTMAX", [x], dtype, stored, out, version=2, beta=beta)


@settings(max_examples=40, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), depth=DEPTHS, beta=BETAS, data=st.data(), seed=SEEDS)
def test_an_int16_output_is_bit_for_bit(dtype: str, depth: int, beta: float, data: Any, seed: int) -> None:
    stored, out = data.draw(quantizations(dtype, 1e-3, 10)), {"scale": 1 / 65536, "zero_point": -32768}
    x = random_array(dtype, (2, 2, depth), seed)
    check_op("SOFTMAX", [x], "int16", stored, out, version=2, beta=beta)


@pytest.mark.parametrize("out", [{"scale": 1 / 32768, "zero_point": 0}, {}])
def test_an_int16_output_of_another_scale_is_refused(out: Any) -> None:
    """LiteRT gives the same numbers for it, which mean something else then."""
    model = model_of("SOFTMAX", [np.zeros((2, 3), np.int8)], "int16", {"scale": 0.1, "zero_point": 0}, out)
    refusal = "needs an output scale of 1 / 65536 and zero point -32768"
    check(model, [np.zeros((2, 3), np.int8)], expect_refusal=refusal)


def test_a_row_with_a_sum_of_512_or_more_is_computed_where_litert_dies() -> None:
    stored, out = {"scale": 0.1, "zero_point": 0}, {"scale": 1 / 256, "zero_point": -128}
    model = model_of("SOFTMAX", [np.zeros((1, 600), np.int8)], "int8", stored, out, version=2, beta=1.0)
    (y,) = check(model, [np.zeros((1, 600), np.int8)], expect_litert_failure=True) or []
    assert set(y.ravel().tolist()) == {-128}  # 256 / 600 rounds to 0


@pytest.mark.parametrize(
    ("beta", "out", "why"),
    [
        (1.0, {"scale": 1 / 128, "zero_point": -128}, "an output scale of 1 / 256 and zero point -128"),
        (1.0, {"scale": 1 / 256, "zero_point": 0}, "found 0.00390625, 0"),
        (1e-9, {"scale": 1 / 256, "zero_point": -128}, "beta times the input scale above 2**-26"),
        (1.0, {}, "one scale and zero point on each 8-bit tensor"),
    ],
)
def test_what_litert_cannot_prepare_is_refused(beta: float, out: Any, why: str) -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    check_op(
        "SOFTMAX", [np.zeros(3, np.int8)], "int8", stored, out, version=2, beta=beta, expect_refusal=why
    )


def test_a_scalar_is_refused() -> None:
    check_op(
        "SOFTMAX", [np.array(1, np.float32)], "float32", beta=1.0, expect_refusal="a rank of at least 1"
    )
