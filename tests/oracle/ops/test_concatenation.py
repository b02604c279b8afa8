"""CONCATENATION against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check, inputs_for
from strategies import SEEDS, axes, quantizations, shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(1, 4, 1, 4), data=st.data())
def test_every_type_is_joined_along_an_axis(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(axes(len(shape)))
    new = [*shape]
    new[axis] *= 2

    def build(g: Builder, dtype: str) -> Model:
        x = g.input(shape, dtype)
        return g.model([g.op("CONCATENATION", [x, x], [g.tensor(new, dtype)], axis=axis)])

    check_moves(build, shape)


@settings(max_examples=15, deadline=None)
@given(shape=shapes(1, 4, 0, 4), data=st.data(), seed=SEEDS)
def test_inputs_may_differ_along_the_axis(shape: tuple[int, ...], data: Any, seed: int) -> None:
    axis = data.draw(axes(len(shape)))
    sizes = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    g = Builder()
    xs = [g.input([*shape[:axis], d, *shape[axis % len(shape) + 1 :]], "float32") for d in sizes]
    out = g.tensor([*shape[:axis], sum(sizes), *shape[axis % len(shape) + 1 :]], "float32")
    g.op("CONCATENATION", xs, [out], axis=axis)
    check(g.model(), [inputs_for(x, seed + i) for i, x in enumerate(xs)])


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_uint8_of_other_scales_is_brought_to_the_outputs(data: Any, seed: int) -> None:
    g = Builder()
    xs = [g.input((256,), "uint8", **data.draw(quantizations("uint8", 1e-3, 10))) for _ in range(3)]
    out = g.tensor((768,), "uint8", **data.draw(quantizations("uint8", 1e-3, 10)))
    g.op("CONCATENATION", xs, [out], axis=0)
    check(g.model(), [np.arange(256, dtype=np.uint8)] * 3)


def test_int8_of_another_scale_is_refused() -> None:
    for other in ({"scale": 0.25, "zero_point": 0}, {"scale": 0.5, "zero_point": 1}):
        g = Builder()
        x, y = g.input((2,), "int8", scale=0.5, zero_point=0), g.input((2,), "int8", **other)
        g.op("CONCATENATION", [x, y], [g.tensor((4,), "int8", scale=0.5, zero_point=0)], axis=0)
        arrays = [np.zeros(2, np.int8)] * 2
        check(g.model(), arrays, expect_refusal="needs inputs and outputs of one scale and zero point")
        assert check(g.model(), arrays) is None


def test_a_fused_activation_is_refused() -> None:
    g = Builder()
    x = g.input((2,), "float32")
    out = g.tensor((4,), "float32")
    g.op("CONCATENATION", [x, x], [out], axis=0, fused_activation_function="RELU")
    check(g.model(), [np.zeros(2, np.float32)], expect_refusal="needs no fused activation, found RELU")
    assert check(g.model(), [np.zeros(2, np.float32)]) is None
