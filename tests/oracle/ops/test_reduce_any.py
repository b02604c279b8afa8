"""REDUCE_ANY and REDUCE_ALL against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from one_op import check, inputs_for
from reductions import reduction, reductions
from strategies import SEEDS


@pytest.mark.parametrize("op", ["REDUCE_ANY", "REDUCE_ALL"])
@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS)
def test_it_says_whether_values_are_true(op: str, case: dict[str, Any], seed: int) -> None:
    model, axes = reduction(op, case, "bool")
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])
