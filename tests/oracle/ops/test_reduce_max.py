"""REDUCE_MAX and REDUCE_MIN against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from reductions import reduction, reductions
from strategies import SEEDS

OPS = pytest.mark.parametrize("op", ["REDUCE_MAX", "REDUCE_MIN"])
TYPES = st.sampled_from(["float32", "int8", "uint8", "int32", "int64", "bool"])


@OPS
@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS, dtype=TYPES)
def test_it_picks_the_extreme(op: str, case: dict[str, Any], seed: int, dtype: str) -> None:
    model, axes = reduction(op, case, dtype)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


@OPS
def test_infinities_and_nan_are_passed_over_as_litert_does(op: str) -> None:
    x = np.array([[-np.inf, -np.inf], [np.inf, np.inf], [np.nan, 1], [1, np.nan]], np.float32)
    for axes in ([1], [0]):
        case = {"shape": (4, 2), "axes": axes, "keep_dims": False, "computed": False}
        check(reduction(op, case, "float32")[0], [x])


@OPS
def test_all_of_a_tensor_that_is_infinite_stays_so(op: str) -> None:
    case = {"shape": (2, 2), "axes": [0, 1], "keep_dims": False, "computed": False}
    for value in (np.inf, -np.inf):
        check(reduction(op, case, "float32")[0], [np.full((2, 2), value, np.float32)])


@OPS
def test_an_output_of_another_scale_is_refused(op: str) -> None:
    case = {"shape": (3,), "axes": [0], "keep_dims": False, "computed": False}
    model, _ = reduction(op, case, "int8", 2, {"scale": 0.5}, {"scale": 0.25})
    arrays = [np.zeros(3, np.int8)]
    check(model, arrays, expect_refusal="needs inputs and outputs of one scale and zero point")
    assert check(model, arrays) is None
