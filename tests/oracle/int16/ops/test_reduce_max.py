"""REDUCE_MAX and REDUCE_MIN on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from one_op import check, inputs_for
from reductions import reduction, reductions
from strategies import SEEDS


@pytest.mark.parametrize("op", ["REDUCE_MAX", "REDUCE_MIN"])
@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS)
def test_it_picks_the_extreme(op: str, case: dict[str, Any], seed: int) -> None:
    model, axes = reduction(op, case, "int16")
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])
