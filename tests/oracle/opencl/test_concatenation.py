"""CONCATENATION on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from moves_opencl import check_moves
from one_op import inputs_for
from one_op_opencl import check, refusal
from strategies import SEEDS, axes, quantizations, shapes


@settings(max_examples=12, deadline=None)
@given(shape=shapes(1, 5, 1, 8), data=st.data())
def test_every_type_is_joined_along_an_axis(shape: tuple[int, ...], data: Any) -> None:
    axis = data.draw(axes(len(shape)))
    new = [*shape]
    new[axis] *= 3

    def build(g: Builder, dtype: str, quantization: dict[str, Any]) -> Model:
        xs = [g.input(shape, dtype, **quantization) for _ in range(3)]
        y = g.tensor(new, dtype, **quantization)
        return g.model([g.op("CONCATENATION", xs, [y], axis=axis, version=2)])

    check_moves(build, shape)


@settings(max_examples=10, deadline=None)
@given(shape=shapes(1, 4, 0, 9), data=st.data(), seed=SEEDS)
def test_inputs_may_differ_along_the_axis(shape: tuple[int, ...], data: Any, seed: int) -> None:
    axis = data.draw(axes(len(shape)))
    sizes = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    g = Builder()
    xs = [g.input([*shape[:axis], d, *shape[axis % len(shape) + 1 :]], "float32") for d in sizes]
    out = g.tensor([*shape[:axis], sum(sizes), *shape[axis % len(shape) + 1 :]], "float32")
    g.op("CONCATENATION", xs, [out], axis=axis)
    check(g.model(), [inputs_for(x, seed + i) for i, x in enumerate(xs)])


@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_uint8_of_other_scales_is_brought_to_the_outputs(data: Any, seed: int) -> None:
    g = Builder()
    xs = [g.input((256,), "uint8", **data.draw(quantizations("uint8", 1e-3, 10))) for _ in range(3)]
    out = g.tensor((768,), "uint8", **data.draw(quantizations("uint8", 1e-3, 10)))
    g.op("CONCATENATION", xs, [out], axis=0)
    check(g.model(), [np.arange(256, dtype=np.uint8)] * 3, half_rtol=None)


def test_constants_may_stand_among_the_inputs() -> None:
    for dtype, q in (("float32", {}), ("int32", {}), ("int8", {"scale": 0.5, "zero_point": 3})):
        g = Builder()
        x, constant = g.input((2, 3), dtype, **q), g.constant(np.arange(8).reshape(2, 4).astype(dtype), **q)
        out = g.op("CONCATENATION", [constant, x], [g.tensor((2, 7), dtype, **q)], axis=1, version=2)
        check(g.model([out]), [np.arange(6).reshape(2, 3).astype(dtype)])


def test_a_fused_activation_is_refused() -> None:
    g = Builder()
    x = g.input((2,), "float32")
    out = g.op(
        "CONCATENATION", [x, x], [g.tensor((4,), "float32")], axis=0, fused_activation_function="RELU"
    )
    assert "needs no fused activation, found RELU" in refusal(g.model([out]))
