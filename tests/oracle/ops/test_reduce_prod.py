"""REDUCE_PROD against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from reductions import reduction, reductions
from strategies import SEEDS, scales


@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS)
def test_floats_are_multiplied(case: dict[str, Any], seed: int) -> None:
    model, axes = reduction("REDUCE_PROD", case, "float32")
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed, -1.5, 1.5), *axes])


@settings(max_examples=60, deadline=None)
@given(
    case=reductions(min_side=0),
    seed=SEEDS,
    dtype=st.sampled_from(["int8", "uint8", "int32", "int64", "bool"]),
)
def test_integers_wrap(case: dict[str, Any], seed: int, dtype: str) -> None:
    model, axes = reduction("REDUCE_PROD", case, dtype)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


@settings(max_examples=150, deadline=None)
@given(case=reductions(), data=st.data(), seed=SEEDS)
def test_quantized_products_are_bit_for_bit(case: dict[str, Any], data: Any, seed: int) -> None:
    points = st.integers(-128, 127)
    stored = {"scale": data.draw(scales(1e-3, 0.5)), "zero_point": data.draw(points)}
    out = {"scale": data.draw(scales(1e-3, 0.5)), "zero_point": data.draw(points)}
    model, axes = reduction("REDUCE_PROD", case, "int8", 2, stored, out)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


def test_quantized_uint8_is_refused() -> None:
    case = {"shape": (3,), "axes": [0], "keep_dims": False, "computed": False}
    model, _ = reduction("REDUCE_PROD", case, "uint8", 2, {"scale": 0.5, "zero_point": 1})
    arrays = [np.zeros(3, np.uint8)]
    check(model, arrays, expect_refusal="needs operands without a scale, found 1 scale on")
    assert check(model, arrays) is None
