"""REDUCE_PROD on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from int16s import stored
from one_op import check, inputs_for
from reductions import reduction, reductions
from strategies import SEEDS


@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS)
def test_products_without_scales_wrap(case: dict[str, Any], seed: int) -> None:
    model, axes = reduction("REDUCE_PROD", case, "int16")
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


@settings(max_examples=150, deadline=None)
@given(case=reductions(), x=stored(1e-5, 1e-3), y=stored(1e-5, 1e-3), seed=SEEDS)
def test_quantized_products_are_bit_for_bit(case: dict[str, Any], x: Any, y: Any, seed: int) -> None:
    model, axes = reduction("REDUCE_PROD", case, "int16", 2, x, y)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])
