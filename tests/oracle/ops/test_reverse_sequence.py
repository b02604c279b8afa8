"""REVERSE_SEQUENCE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from strategies import permutations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(2, 4, 1, 4), data=st.data(), computed=st.booleans())
def test_every_type_is_read_backwards_up_to_a_length(
    shape: tuple[int, ...], data: Any, computed: bool
) -> None:
    along, batch = data.draw(permutations(len(shape)))[:2]
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    lengths = [data.draw(st.integers(1, shape[along])) for _ in range(shape[batch])]

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, lengths, computed, kind)
        y = g.tensor(shape, dtype)
        return g.model([g.op("REVERSE_SEQUENCE", [x, spec], [y], seq_dim=along, batch_dim=batch)])

    check_moves(build, shape, *([np.array(lengths, kind)] if computed else []))


def test_a_length_beyond_the_axis_is_an_input_error() -> None:
    from delegraph_reference.kernels.reverse_sequence import SUPPORT

    g = Builder()
    x, lengths = g.input((2, 3), "float32"), g.input((2,), "int32")
    y = g.op("REVERSE_SEQUENCE", [x, lengths], [g.tensor((2, 3), "float32")], seq_dim=1, batch_dim=0)
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=r"needs lengths from 0 to 3, found \[1, 4\]"):
        run(np.zeros((2, 3), np.float32), np.array([1, 4], np.int32))
