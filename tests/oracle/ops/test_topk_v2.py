"""TOPK_V2 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for, random_array
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 3, 1, 12), data=st.data(), computed=st.booleans(), seed=SEEDS)
def test_the_largest_come_first(shape: tuple[int, ...], data: Any, computed: bool, seed: int) -> None:
    dtype = data.draw(st.sampled_from(["float32", "int8", "uint8", "int32", "int64"]))
    kind, out = (
        data.draw(st.sampled_from(["int32", "int16"])),
        data.draw(st.sampled_from(["int32", "int16"])),
    )
    k = data.draw(st.integers(1, shape[-1]))
    few = data.draw(st.booleans())  # values so few that there are ties
    g = Builder()
    x, count = g.input(shape, dtype), operand(g, k, computed, kind)
    outputs = [g.tensor((*shape[:-1], k), dtype), g.tensor((*shape[:-1], k), out)]
    g.op("TOPK_V2", [x, count], outputs, version=3)
    values = inputs_for(x, seed, 0, 2) if few else inputs_for(x, seed)
    values = np.round(values) if few and dtype == "float32" else values
    check(g.model(outputs), [values, *([np.array(k, kind)] if computed else [])])


def test_more_than_there_are_is_an_input_error() -> None:
    from delegraph_reference.kernels.topk_v2 import SUPPORT

    g = Builder()
    x, k = g.input((3,), "float32"), g.input((), "int32")
    outputs = [g.tensor((4,), "float32"), g.tensor((4,), "int32")]
    g.op("TOPK_V2", [x, k], outputs)
    run = SUPPORT[0].kernel(g.model(outputs).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs a k of at most 3, found 4"):
        run(np.zeros(3, np.float32), np.array(4, np.int32))


def test_values_of_16_bits_are_only_moved() -> None:
    x = random_array("int16", (2, 6), seed=1)
    g = Builder()
    k = g.constant(np.array(2, np.int32))
    outputs = [g.tensor((2, 2), "int16"), g.tensor((2, 2), "int32")]
    check(g.model(list(g.op("TOPK_V2", [g.input((2, 6), "int16"), k], outputs))), [x])
