"""ARG_MAX and ARG_MIN against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for
from strategies import SEEDS, axes, shapes

OPS = pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])


@OPS
@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 4, 1, 20), data=st.data(), computed=st.booleans(), seed=SEEDS)
def test_it_gives_the_place_of_the_first_extreme(
    op: str, shape: tuple[int, ...], data: Any, computed: bool, seed: int
) -> None:
    dtype = data.draw(st.sampled_from(["float32", "int8", "uint8", "int32", "bool"]))
    axis, kind = data.draw(axes(len(shape))), data.draw(st.sampled_from(["int32", "int64"]))
    out = data.draw(st.sampled_from(["int32", "int64"]))
    few = data.draw(st.booleans())  # values so few that there are ties
    rest = [*shape]
    del rest[axis]
    g = Builder()
    x, where = g.input(shape, dtype), operand(g, axis, computed, kind)
    g.op(
        op, [x, where], [g.tensor(rest, out)], version=3 if dtype == "bool" else 2, output_type=out.upper()
    )
    limits = {"low": 0, "high": 1} if few and dtype != "float32" else {}
    values = inputs_for(x, seed, **limits)
    values = np.round(values / 10) if few and dtype == "float32" else values
    given = [np.array(axis, kind)] if computed else []
    resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES" if dtype == "bool" else "BUILTIN_REF"
    check(g.model(), [values, *given], resolver=resolver)


@OPS
@pytest.mark.parametrize("axis", [0, 2])
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int32"])
def test_many_rows_give_the_first_extreme_each(op: str, axis: int, dtype: str) -> None:
    shape = (30, 25, 33)
    g = Builder()
    x, where = g.input(shape, dtype), g.constant(np.int32(axis))
    g.op(op, [x, where], [g.tensor(np.delete(shape, axis), "int32")], version=2, output_type="INT32")
    for few in (False, True):
        values = inputs_for(x, 5, 0, 3) if few else inputs_for(x, 5)
        check(g.model(), [np.round(values).astype(dtype)])


@OPS
def test_an_empty_axis_is_refused(op: str) -> None:
    g = Builder()
    x, axis = g.input((2, 0), "float32"), g.constant(np.int32(1))
    g.op(op, [x, axis], [g.tensor((2,), "int32")], output_type="INT32")
    arrays = [np.zeros((2, 0), np.float32)]
    check(g.model(), arrays, expect_refusal="needs axes that are not empty, found shape 2×0")
    assert check(g.model(), arrays) is None


@OPS
def test_an_output_of_another_type_than_output_type_is_refused(op: str) -> None:
    """LiteRT follows the option: its result is not of the type that the model's reader expects."""
    g = Builder()
    x, axis = g.input((2, 3), "float32"), g.constant(np.int32(1))
    g.op(op, [x, axis], [g.tensor((2,), "int64")], output_type="INT32")
    rule = "needs an output of the type that output_type says, found int64 and output_type INT32"
    check(g.model(), [np.zeros((2, 3), np.float32)], expect_refusal=rule)
