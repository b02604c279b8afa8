"""MIRROR_PAD against LiteRT."""

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


@settings(max_examples=30, deadline=None)
@given(
    shape=shapes(1, 4, 1, 4),
    data=st.data(),
    mode=st.sampled_from(["REFLECT", "SYMMETRIC"]),
    computed=st.booleans(),
)
def test_every_type_is_mirrored(shape: tuple[int, ...], data: Any, mode: str, computed: bool) -> None:
    most = [d - (mode == "REFLECT") for d in shape]
    paddings = [[data.draw(st.integers(0, n)), data.draw(st.integers(0, n))] for n in most]
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    new = [d + b + a for d, (b, a) in zip(shape, paddings, strict=True)]

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, paddings, computed, kind)
        return g.model([g.op("MIRROR_PAD", [x, spec], [g.tensor(new, dtype)], mode=mode)])

    check_moves(build, shape, *([np.array(paddings, kind)] if computed else []))


def test_more_than_there_is_to_mirror_is_an_input_error() -> None:
    from delegraph_reference.kernels.mirror_pad import SUPPORT

    g = Builder()
    x, paddings = g.input((3,), "float32"), g.input((1, 2), "int32")
    y = g.op("MIRROR_PAD", [x, paddings], [g.tensor((6,), "float32")], mode="REFLECT")
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs paddings of at most 2 for size 3, found 3 and 0"):
        run(np.zeros(3, np.float32), np.array([[3, 0]], np.int32))
