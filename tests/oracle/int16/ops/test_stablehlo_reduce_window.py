"""STABLEHLO_REDUCE_WINDOW on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@pytest.mark.parametrize("name", ["ADD", "MAXIMUM", "STABLEHLO_MULTIPLY", "STABLEHLO_MINIMUM"])
@settings(max_examples=25, deadline=None)
@given(shape=shapes(1, 4, 1, 6), data=st.data(), seed=SEEDS)
def test_each_place_of_the_window_gives_one_value(
    name: str, shape: tuple[int, ...], data: Any, seed: int
) -> None:
    sizes = [data.draw(st.integers(1, d)) for d in shape]
    g = Builder()
    body = g.subgraph("reduce")
    arguments = [body.input((), "int16"), body.input((), "int16")]
    body.op(name, arguments, [body.tensor((), "int16")])
    x, init = g.input(shape, "int16"), g.input((), "int16")
    new = [d - k + 1 for d, k in zip(shape, sizes, strict=True)]
    g.op(
        "STABLEHLO_REDUCE_WINDOW",
        [x, init],
        [g.tensor(new, "int16")],
        window_dimensions=sizes,
        body_subgraph_index=body.index,
    )
    check(g.model(), [inputs_for(x, seed), inputs_for(init, seed + 1)])
