"""PADV2 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import DTYPES, Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from one_op import check, inputs_for
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 5, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_gets_the_value_around_it(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    paddings = [[data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))] for _ in shape]
    new = [d + b + a for d, (b, a) in zip(shape, paddings, strict=True)]

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, paddings, computed)
        value = g.constant(b"" if dtype == "string" else DTYPES[dtype].numpy.type(0), dtype)
        return g.model([g.op("PADV2", [x, spec, value], [g.tensor(new, dtype)])])

    check_moves(build, shape, *([np.array(paddings, np.int32)] if computed else []), fill=0)


@settings(max_examples=20, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(["float32", "int8", "uint8", "int16", "int64"]), seed=SEEDS)
def test_the_value_may_be_computed(data: Any, dtype: str, seed: int) -> None:
    stored = {} if dtype == "int64" else data.draw(quantizations(dtype))
    g = Builder()
    x, spec = g.input((2, 3), dtype, **stored), g.constant(np.array([[1, 0], [2, 1]], np.int32))
    value = g.input((), dtype, **stored)
    g.op("PADV2", [x, spec, value], [g.tensor((3, 6), dtype, **stored)])
    check(g.model(), [inputs_for(x, seed), inputs_for(value, seed + 1)])


def test_a_value_of_another_scale_is_refused() -> None:
    g = Builder()
    x, spec = g.input((2,), "int8", scale=0.5, zero_point=0), g.constant(np.array([[1, 0]], np.int32))
    value = g.input((), "int8", scale=0.25, zero_point=0)
    g.op("PADV2", [x, spec, value], [g.tensor((3,), "int8", scale=0.5, zero_point=0)])
    arrays = [np.zeros(2, np.int8), np.zeros((), np.int8)]
    check(g.model(), arrays, expect_refusal="needs inputs and outputs of one scale and zero point")
    assert check(g.model(), arrays) is None
