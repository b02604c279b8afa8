"""RSQRT on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import check_op, model_of
from hypothesis import given, settings
from int16s import all_int16, stored
from one_op import run_op


@settings(max_examples=60, deadline=None)
@given(x=stored(1e-6, 10), y=stored(1e-5, 1))
def test_every_value_that_is_not_negative_is_bit_for_bit(x: Any, y: Any) -> None:
    check_op("RSQRT", [all_int16()[: 1 << 15]], "int16", x, y, version=3)


def test_a_negative_value_is_an_input_error_where_litert_fails() -> None:
    stored_values, arrays = {"scale": 0.1, "zero_point": 0}, [np.int16([5, -1])]
    graph = model_of("RSQRT", arrays, "int16", stored_values, stored_values, version=3).subgraphs[0]
    with pytest.raises(InputError, match="needs values that are not negative, found -1"):
        run_op(graph.ops[0], graph, arrays)
