"""PAD against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from one_op import check, inputs_for
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 5, 1, 3), data=st.data(), computed=st.booleans())
def test_every_type_gets_zeros_around_it(shape: tuple[int, ...], data: Any, computed: bool) -> None:
    paddings = [[data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))] for _ in shape]
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    new = [d + b + a for d, (b, a) in zip(shape, paddings, strict=True)]

    def build(g: Builder, dtype: str) -> Model:
        x, spec = g.input(shape, dtype), operand(g, paddings, computed, kind)
        return g.model([g.op("PAD", [x, spec], [g.tensor(new, dtype)])])

    check_moves(build, shape, *([np.array(paddings, kind)] if computed else []), fill=0)


@settings(max_examples=20, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(["int8", "uint8", "int16"]), seed=SEEDS)
def test_quantized_tensors_get_their_zero_point(data: Any, dtype: str, seed: int) -> None:
    paddings = data.draw(
        st.sampled_from([[[0, 0], [1, 2], [2, 1], [0, 0]], [[1, 0], [0, 0], [0, 1], [2, 2]]])
    )
    stored = data.draw(quantizations(dtype))
    g = Builder()
    x, spec = g.input((1, 2, 3, 2), dtype, **stored), g.constant(np.array(paddings, np.int32))
    shape = [d + sum(p) for d, p in zip((1, 2, 3, 2), paddings, strict=True)]
    g.op("PAD", [x, spec], [g.tensor(shape, dtype, **stored)])
    check(g.model(), [inputs_for(x, seed)])


def test_negative_paddings_are_an_input_error() -> None:
    from delegraph_reference.kernels.pad import SUPPORT

    g = Builder()
    x, paddings = g.input((3,), "float32"), g.input((1, 2), "int32")
    y = g.op("PAD", [x, paddings], [g.tensor((2,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs 1 pairs of paddings of at least 0, found"):
        run(np.zeros(3, np.float32), np.array([[-1, 0]], np.int32))
