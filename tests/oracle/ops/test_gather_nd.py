"""GATHER_ND against LiteRT."""

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
from strategies import shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(1, 4, 1, 4), picks=shapes(0, 2, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_gives_the_picked_elements(
    shape: tuple[int, ...], picks: tuple[int, ...], data: Any, computed: bool
) -> None:
    named = data.draw(st.integers(1, len(shape)))
    kind = data.draw(st.sampled_from(["int16", "int32", "int64"]))
    count = int(np.prod(picks, dtype=int))
    bits = np.random.PCG64(data.draw(st.integers(0, 99))).random_raw(count * named).reshape(*picks, named)
    indices = (bits % np.array(shape[:named], np.uint64)).astype(kind)

    def build(g: Builder, dtype: str) -> Model:
        x, where = g.input(shape, dtype), operand(g, indices, computed, kind)
        return g.model([g.op("GATHER_ND", [x, where], [g.tensor([*picks, *shape[named:]], dtype)])])

    check_moves(build, shape, *([indices] if computed else []))


def test_an_index_outside_is_an_input_error() -> None:
    from delegraph_reference.kernels.gather_nd import SUPPORT

    g = Builder()
    x, indices = g.input((3, 2), "float32"), g.input((1, 2), "int32")
    y = g.op("GATHER_ND", [x, indices], [g.tensor((1,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs indices from 0 to 1, found 2"):
        run(np.zeros((3, 2), np.float32), np.array([[0, 2]], np.int32))


def test_more_indices_than_axes_are_refused() -> None:
    g = Builder()
    x, indices = g.input((3,), "float32"), g.constant(np.zeros((1, 2), np.int32))
    g.op("GATHER_ND", [x, indices], [g.tensor((1,), "float32")])
    arrays = [np.zeros(3, np.float32)]
    check(g.model(), arrays, expect_refusal="needs tuples of no more indices than there are axes")
    assert check(g.model(), arrays) is None
