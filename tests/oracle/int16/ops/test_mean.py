"""MEAN of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import stored
from one_op import check, inputs_for, run_op
from reductions import reduction, reductions
from strategies import SEEDS


@settings(max_examples=150, deadline=None)
@given(case=reductions(), data=st.data(), seed=SEEDS)
def test_means_are_bit_for_bit(case: dict[str, Any], data: Any, seed: int) -> None:
    x = data.draw(stored(1e-4, 1))
    y = data.draw(st.one_of(st.just(x), stored(1e-4, 1)))
    model, axes = reduction("MEAN", case, "int16", 2, x, y)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


def test_many_values_are_averaged_bit_for_bit() -> None:
    case = {"shape": (2, 57, 57, 3), "axes": [1, 2], "keep_dims": True, "computed": False}
    model, _ = reduction("MEAN", case, "int16", 2, *({"scale": s, "zero_point": 0} for s in (0.02, 0.019)))
    check(model, [inputs_for(model.subgraphs[0].inputs[0], 1)])


def test_a_sum_beyond_int32_is_right() -> None:
    """LiteRT's wraps."""
    case = {"shape": (1, 300, 300, 2), "axes": [1, 2], "keep_dims": True, "computed": False}
    model, _ = reduction("MEAN", case, "int16", 2, {"scale": 0.1, "zero_point": 0})
    x = np.full((1, 300, 300, 2), [32767, -32768], np.int16)
    graph = model.subgraphs[0]
    axes = graph.ops[0].inputs[1]
    assert run_op(graph.ops[0], graph, [x, axes.data])[0].tolist() == [[[[32767, -32768]]]]
