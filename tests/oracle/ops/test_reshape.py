"""RESHAPE against LiteRT."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(0, 5, 1, 4), data=st.data())
def test_every_type_takes_the_shape_of_an_operand(shape: tuple[int, ...], data: Any) -> None:
    wanted = data.draw(regrouped(shape))
    given = data.draw(with_a_free_size(wanted))

    def build(g: Builder, dtype: str) -> Model:
        x, new = g.input(shape, dtype), g.constant(np.array(given, np.int32))
        return g.model([g.op("RESHAPE", [x, new], [g.tensor(wanted, dtype)])])

    check_moves(build, shape)


@settings(max_examples=10, deadline=None)
@given(shape=shapes(0, 5, 0, 4), data=st.data(), seed=SEEDS)
def test_without_an_operand_the_option_says_the_shape(shape: tuple[int, ...], data: Any, seed: int) -> None:
    wanted = data.draw(regrouped(shape))
    g = Builder()
    x = g.input(shape, "float32")
    g.op("RESHAPE", [x], [g.tensor(wanted, "float32")], new_shape=wanted)
    check(g.model(), [inputs_for(x, seed)])


def test_a_shape_that_is_computed_is_read_at_each_run() -> None:
    g = Builder()
    x, new = g.input((2, 6), "float32"), g.input((2,), "int32")
    g.op("RESHAPE", [x, new], [g.tensor((3, 4), "float32")])
    check(g.model(), [np.arange(12, dtype=np.float32).reshape(2, 6), np.array([3, -1], np.int32)])


def test_one_zero_in_the_option_means_a_scalar() -> None:
    g = Builder()
    x = g.input((1, 1), "float32")
    g.op("RESHAPE", [x], [g.tensor((), "float32")], new_shape=[0])
    check(g.model(), [np.full((1, 1), 3, np.float32)])


def test_a_shape_of_another_size_is_an_input_error() -> None:
    from delegraph_reference.kernels.reshape import SUPPORT

    g = Builder()
    x, new = g.input((2, 3), "float32"), g.input((1,), "int32")
    y = g.op("RESHAPE", [x, new], [g.tensor((6,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs a new shape of 6 values, found"):
        run(np.zeros((2, 3), np.float32), np.array([4], np.int32))


@st.composite
def regrouped(draw: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Another shape of as many values."""
    rest, sides = math.prod(shape), []
    if rest == 0:
        return (0, *draw(shapes(1, 2)))  # [0] alone would mean a scalar
    for divisor in (2, 3, 4):
        if rest % divisor == 0 and draw(st.booleans()):
            sides.append(divisor)
            rest //= divisor
    return (*sides, rest) if sides or rest != 1 or draw(st.booleans()) else ()


@st.composite
def with_a_free_size(draw: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with one of its sizes as -1, or none."""
    at = draw(st.integers(-1, len(shape) - 1))
    return tuple(-1 if i == at else d for i, d in enumerate(shape))


def test_a_shape_that_is_not_int32_gives_way_to_the_option() -> None:
    g = Builder()
    shape = g.constant(np.array([3, 2], np.int64))
    y = g.op("RESHAPE", [g.input((2, 3), "float32"), shape], [g.tensor((6,), "float32")], new_shape=[6])
    check(g.model([y]), [np.zeros((2, 3), np.float32)])
