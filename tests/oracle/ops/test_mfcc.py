"""Mfcc against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from delegraph_reference.kernels import mfcc
from flatbuffers import flexbuffers
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS

SPEECH = {
    "upper_frequency_limit": 4000,
    "lower_frequency_limit": 20,
    "filterbank_channel_count": 40,
    "dct_coefficient_count": 13,
}


@settings(max_examples=40, deadline=None)
@given(bins=st.integers(2, 300), rate=st.sampled_from([8000, 16000, 44100]), data=st.data(), seed=SEEDS)
def test_filters_and_coefficients_of_any_number_agree(bins: int, rate: int, data: Any, seed: int) -> None:
    filters = data.draw(st.integers(1, 50))
    low = data.draw(st.integers(0, 3000))
    options = {
        "upper_frequency_limit": data.draw(st.integers(low + 1, rate)),
        "lower_frequency_limit": low,
        "filterbank_channel_count": filters,
        "dct_coefficient_count": data.draw(st.integers(1, filters)),
    }
    model = coefficients((2, 3, bins), options, rate)
    check(model, [random_array("float32", (2, 3, bins), seed, 0, 100)], kernels=rows)


def test_the_sample_rate_may_be_computed() -> None:
    spectrum = random_array("float32", (1, 4, 257), 7, 0, 10)
    model = coefficients((1, 4, 257), SPEECH, None)
    check(model, [spectrum, np.array([16000], np.int32)], kernels=rows)


def test_more_coefficients_than_filters_are_refused() -> None:
    model = coefficients((1, 4, 257), SPEECH | {"dct_coefficient_count": 41}, 16000)
    check(model, [], kernels=rows, expect_refusal="no more coefficients than filters")


def coefficients(shape: tuple[int, ...], options: dict[str, int], rate: int | None) -> Model:
    g = Builder()
    x, y = g.input(shape, "float32"), g.tensor((), "float32")
    hertz = g.input((1,), "int32") if rate is None else g.constant(np.array([rate], np.int32))
    g.op("Mfcc", [x, hertz], [y], custom_options=bytes(flexbuffers.Dumps(options)))
    return g.model([y])


def rows(op: str) -> Any:
    return mfcc.SUPPORT
