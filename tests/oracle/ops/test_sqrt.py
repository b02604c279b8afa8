"""SQRT against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import SPECIAL, all_values, check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array, run_op
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 6), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("float32", shape, seed, 1e-06, 100)
    check_op("SQRT", [x], "float32", exact64=_exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("SQRT", [SPECIAL], "float32")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_every_stored_value_is_bit_for_bit(data: Any) -> None:
    stored = [data.draw(quantizations("int8", 1e-3, 10)) for _ in range(2)]
    x = all_values("int8")
    check_op("SQRT", [x[x >= stored[0]["zero_point"]]], "int8", *stored, version=2)


def test_8_bits_without_a_scale_are_refused() -> None:
    x = np.zeros(2, np.int8)
    check_op("SQRT", [x], "int8", version=2, expect_refusal="one scale and zero point")


def test_a_negative_value_is_an_input_error_where_litert_fails() -> None:
    stored = {"scale": 0.1, "zero_point": 3}
    graph = model_of("SQRT", [np.int8([3, 2])], "int8", stored, stored).subgraphs[0]
    with pytest.raises(InputError, match="needs values that are not negative, found 2 with zero point 3"):
        run_op(graph.ops[0], graph, [np.int8([3, 2])])


def _exact(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(x.astype(np.float64)))
