"""SUM on int16 against LiteRT, whose BUILTIN_REF reads int16 as uint8."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import DEFAULT
from hypothesis import given, settings
from int16s import stored
from one_op import check, inputs_for, run_op
from reductions import reduction, reductions
from strategies import SEEDS


@settings(max_examples=100, deadline=None)
@given(case=reductions(), x=stored(1e-3, 10), y=stored(1e-3, 10), seed=SEEDS)
def test_sums_are_what_builtin_ref_gives_for_the_same_values_as_uint8(
    case: dict[str, Any], x: Any, y: Any, seed: int
) -> None:
    model, axes = reduction("SUM", case, "uint8", 2, x, y)
    values = inputs_for(model.subgraphs[0].inputs[0], seed)
    sums = check(model, [values, *axes])
    assert sums is not None
    model, axes = reduction("SUM", case, "int16", 2, x, y)
    graph = model.subgraphs[0]
    constants = axes or [graph.ops[0].inputs[1].data]
    (ours,) = run_op(graph.ops[0], graph, [values.astype(np.int16), *constants])
    assert np.minimum(ours, 255).tolist() == sums[0].tolist()


@settings(max_examples=100, deadline=None)
@given(case=reductions(), x=stored(1e-5, 1e-2), y=stored(1e-5, 1e-2), seed=SEEDS)
def test_sums_are_one_step_from_the_default_resolver_at_most(
    case: dict[str, Any], x: Any, y: Any, seed: int
) -> None:
    model, axes = reduction("SUM", case, "int16", 2, x, y)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes], resolver=DEFAULT, steps=1)
