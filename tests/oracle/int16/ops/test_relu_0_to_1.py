"""RELU_0_TO_1 of int16, which LiteRT lacks, in fractions: the arithmetic of RELU6 with other bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import model_of
from hypothesis import given, settings
from int16s import all_int16, limited, stored
from one_op import check, run_op


@settings(max_examples=30, deadline=None)
@given(x=stored(1e-5, 1), y=stored(1e-4, 1))
def test_values_are_rescaled_and_limited(x: Any, y: Any) -> None:
    values = all_int16()[::37]
    graph = model_of("RELU_0_TO_1", [values], "int16", x, y).subgraphs[0]
    (found,) = run_op(graph.ops[0], graph, [values])
    assert found.tolist() == limited(values, x["scale"], y["scale"], 0, 1)


def test_the_expected_values_are_what_litert_has_with_the_bounds_of_relu6() -> None:
    x, y = {"scale": 7e-4, "zero_point": 0}, {"scale": 3e-4, "zero_point": 0}
    (found,) = check(model_of("RELU6", [all_int16()], "int16", x, y), [all_int16()]) or []
    assert found.tolist() == limited(all_int16(), 7e-4, 3e-4, 0, 6)


def test_litert_lacks_it() -> None:
    x, values = {"scale": 0.1, "zero_point": 0}, [np.int16([1])]
    check(model_of("RELU_0_TO_1", values, "int16", x, x), values, expect_litert_failure=True)
