"""GATHER against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import axes, shapes


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 4, 1, 4), data=st.data(), computed=st.booleans())
def test_every_type_gives_the_picked_slices(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    axis = data.draw(axes(len(shape)))
    at = axis % len(shape)
    batch = data.draw(st.integers(0, at))
    picks = data.draw(shapes(0, 2, 1, 3))
    kind = data.draw(st.sampled_from(["int16", "int32", "int64"]))
    picked = (*shape[:batch], *picks)
    bits = np.random.PCG64(data.draw(st.integers(0, 99))).random_raw(int(np.prod(picked, dtype=int)))
    indices = (bits % np.uint64(shape[at])).astype(kind).reshape(picked)
    new = [*shape[:at], *picks, *shape[at + 1 :]]

    def build(g: Builder, dtype: str) -> Model:
        x, where = g.input(shape, dtype), operand(g, indices, computed, kind)
        return g.model([g.op("GATHER", [x, where], [g.tensor(new, dtype)], axis=axis, batch_dims=batch)])

    check_moves(build, shape, *([indices] if computed else []))


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_outside_is_an_input_error(index: int) -> None:
    from delegraph_reference.kernels.gather import SUPPORT

    g = Builder()
    x, indices = g.input((3,), "float32"), g.input((2,), "int32")
    y = g.op("GATHER", [x, indices], [g.tensor((2,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=f"needs indices from 0 to 2, found {index}"):
        run(np.zeros(3, np.float32), np.array([0, index], np.int32))
