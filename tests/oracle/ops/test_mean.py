"""MEAN against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from reductions import reduction, reductions
from strategies import SEEDS, quantizations


@settings(max_examples=60, deadline=None)
@given(case=reductions(), seed=SEEDS)
def test_floats_have_their_mean(case: dict[str, Any], seed: int) -> None:
    model, axes = reduction("MEAN", case, "float32")
    gone = tuple({axis % len(case["shape"]) for axis in case["axes"]})

    def exact(x: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        return np.asarray(x.mean(gone, np.float64, keepdims=case["keep_dims"]))

    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed, low=0), *axes], exact64=exact)


@settings(max_examples=60, deadline=None)
@given(case=reductions(), seed=SEEDS, dtype=st.sampled_from(["int32", "int64"]))
def test_integers_are_divided_towards_zero(case: dict[str, Any], seed: int, dtype: str) -> None:
    model, axes = reduction("MEAN", case, dtype)
    limits = {"low": -1000, "high": 1000}
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed, **limits), *axes])


@settings(max_examples=150, deadline=None)
@given(case=reductions(), data=st.data(), seed=SEEDS, dtype=st.sampled_from(["int8", "uint8"]))
def test_quantized_means_are_bit_for_bit(case: dict[str, Any], data: Any, seed: int, dtype: str) -> None:
    stored = data.draw(quantizations(dtype, 1e-3, 10))
    out = data.draw(st.one_of(st.just(stored), quantizations(dtype, 1e-3, 10)))
    model, axes = reduction("MEAN", case, dtype, 2, stored, out)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


def test_many_values_are_averaged_bit_for_bit() -> None:
    case = {"shape": (2, 57, 57, 3), "axes": [1, 2], "keep_dims": True, "computed": False}
    for dtype in ("int8", "uint8"):
        stored, out = {"scale": 0.02, "zero_point": 3}, {"scale": 0.019, "zero_point": 5}
        model, _ = reduction("MEAN", case, dtype, 2, stored, out)
        check(model, [inputs_for(model.subgraphs[0].inputs[0], 1)])


def test_a_large_image_has_the_mean_that_litert_gives_it() -> None:
    # LiteRT adds value to value in float32: after 147,456 of them it is 3e-5 off, and so must we be.
    case = {"shape": (1, 384, 384, 8), "axes": [1, 2], "keep_dims": True, "computed": False}
    model, _ = reduction("MEAN", case, "float32")
    check(model, [inputs_for(model.subgraphs[0].inputs[0], 1, low=0, high=255)], rtol=1e-7)


def test_nothing_has_the_mean_nan() -> None:
    case = {"shape": (3, 0), "axes": [1], "keep_dims": False, "computed": False}
    for dtype in ("float32", "int32", "int8"):
        model, _ = reduction("MEAN", case, dtype, 1, {"scale": 0.5} if dtype == "int8" else None)
        check(model, [np.zeros((3, 0), dtype)])


def test_int8_without_a_scale_is_refused() -> None:
    case = {"shape": (3,), "axes": [0], "keep_dims": False, "computed": False}
    model, _ = reduction("MEAN", case, "int8")
    check(model, [np.zeros(3, np.int8)], expect_refusal="needs a scale on input and output, found")
