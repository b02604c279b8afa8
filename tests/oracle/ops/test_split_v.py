"""SPLIT_V against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from one_op import check
from strategies import axes, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 4, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_falls_into_parts_of_given_sizes(
    shape: tuple[int, ...], data: Any, computed: bool
) -> None:
    axis = data.draw(axes(len(shape)))
    found = data.draw(st.lists(st.integers(1 if computed else 0, 3), min_size=1, max_size=4).filter(sum))
    free = data.draw(st.integers(-1, len(found) - 1))
    sizes = [-1 if i == free else d for i, d in enumerate(found)]
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    at = axis % len(shape)
    whole = [*shape[:at], sum(found), *shape[at + 1 :]]

    def build(g: Builder, dtype: str) -> Model:
        x = g.input(whole, dtype)
        spec = [operand(g, sizes, computed, kind), operand(g, axis, computed)]
        outputs = [g.tensor([*shape[:at], d, *shape[at + 1 :]], dtype) for d in found]
        g.op("SPLIT_V", [x, *spec], outputs, num_splits=len(found))
        return g.model(outputs)

    check_moves(build, whole, *([np.array(sizes, kind), np.array(axis, np.int32)] if computed else []))


@pytest.mark.parametrize("sizes", [[1, 1], [-1, -1], [4, -1]])
def test_sizes_that_do_not_add_up_are_an_input_error(sizes: list[int]) -> None:
    from delegraph_reference.kernels.split_v import SUPPORT

    g = Builder()
    x, spec, axis = g.input((3,), "float32"), g.input((2,), "int32"), g.constant(np.int32(0))
    outputs = [g.tensor((1,), "float32") for _ in sizes]
    g.op("SPLIT_V", [x, spec, axis], outputs, num_splits=2)
    run = SUPPORT[0].kernel(g.model(outputs).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs sizes that add up to 3, found"):
        run(np.zeros(3, np.float32), np.array(sizes, np.int32), np.array(0, np.int32))


@pytest.mark.parametrize(
    ("count", "sizes", "rule"),
    [
        (1, [1, 2], "as many outputs as num_splits says, found 2 outputs and num_splits 1"),
        (2, [1, 1, 1], "a size for each output, found sizes of shape 3 for 2 outputs"),
        (2, [[1, 2]], "a size for each output, found sizes of shape 1×2 for 2 outputs"),
    ],
)
def test_another_number_of_sizes_or_outputs_is_refused_as_litert_does(
    count: int, sizes: list[Any], rule: str
) -> None:
    g = Builder()
    x, outputs = g.input((3,), "float32"), [g.tensor((1,), "float32"), g.tensor((2,), "float32")]
    spec = [g.constant(np.array(sizes, np.int32)), g.constant(np.int32(0))]
    g.op("SPLIT_V", [x, *spec], outputs, num_splits=count)
    arrays = [np.zeros(3, np.float32)]
    check(g.model(outputs), arrays, expect_refusal=f"needs {rule}")
    assert check(g.model(outputs), arrays) is None
