"""SLICE against LiteRT."""

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
@given(shape=shapes(1, 5, 1, 4), data=st.data(), computed=st.booleans())
def test_every_type_gives_a_block(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    begin = [data.draw(st.integers(0, d - 1)) for d in shape]
    found = [data.draw(st.integers(0, d - b)) for d, b in zip(shape, begin, strict=True)]
    full = [n == d - b and data.draw(st.booleans()) for d, b, n in zip(shape, begin, found, strict=True)]
    size = [-1 if f else n for f, n in zip(full, found, strict=True)]
    kind = data.draw(st.sampled_from(["int32", "int64"]))

    def build(g: Builder, dtype: str) -> Model:
        x = g.input(shape, dtype)
        spec = [operand(g, begin, computed, kind), operand(g, size, computed, kind)]
        return g.model([g.op("SLICE", [x, *spec], [g.tensor(found, dtype)])])

    check_moves(build, shape, *([np.array(v, kind) for v in (begin, size)] if computed else []))


def test_a_block_that_reaches_beyond_the_tensor_is_an_input_error() -> None:
    from delegraph_reference.kernels.slice import SUPPORT

    g = Builder()
    x, begin, size = g.input((3,), "float32"), g.input((1,), "int32"), g.input((1,), "int32")
    y = g.op("SLICE", [x, begin, size], [g.tensor((2,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(
        InputError, match=r"needs a block inside shape 3, found begin \(2,\) and size \(2,\)"
    ):
        run(np.zeros(3, np.float32), np.array([2], np.int32), np.array([2], np.int32))
