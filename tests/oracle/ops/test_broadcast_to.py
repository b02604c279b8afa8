"""BROADCAST_TO against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import shapes


@settings(max_examples=20, deadline=None)
@given(new=shapes(1, 5, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_is_repeated_along_axes_of_size_one(
    new: tuple[int, ...], data: Any, computed: bool
) -> None:
    shape = [1 if data.draw(st.booleans()) else d for d in new[data.draw(st.integers(0, len(new) - 1)) :]]
    kind = data.draw(st.sampled_from(["int32", "int64"]))

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, new, computed, kind)
        return g.model([g.op("BROADCAST_TO", [x, spec], [g.tensor(new, dtype)], version=2)])

    check_moves(build, shape, *([np.array(new, kind)] if computed else []))


def test_a_shape_that_does_not_fit_is_an_input_error() -> None:
    from delegraph_reference.kernels.broadcast_to import SUPPORT

    g = Builder()
    x, new = g.input((2, 3), "float32"), g.input((2,), "int32")
    y = g.op("BROADCAST_TO", [x, new], [g.tensor((4, 3), "float32")], version=2)
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=r"needs a shape that 2×3 broadcasts to, found \(4, 3\)"):
        run(np.zeros((2, 3), np.float32), np.array([4, 3], np.int32))
