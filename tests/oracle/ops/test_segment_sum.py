"""SEGMENT_SUM and UNSORTED_SEGMENT_* against LiteRT."""

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

DTYPES = st.sampled_from(["float32", "int32"])


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 3, 1, 5), dtype=DTYPES, computed=st.booleans(), seed=SEEDS)
def test_slices_of_a_segment_add_up(shape: tuple[int, ...], dtype: str, computed: bool, seed: int) -> None:
    steps = random_array("int32", shape[:1], seed, 0, 1)
    ids = np.cumsum(steps, dtype=np.int32) - steps[0]
    g = Builder()
    x, segments = g.input(shape, dtype), operand(g, ids, computed)
    g.op("SEGMENT_SUM", [x, segments], [g.tensor((int(ids[-1]) + 1, *shape[1:]), dtype)])
    given = [ids] if computed else []
    check(g.model(), [_values(x, seed), *given], resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES")


@pytest.mark.parametrize("op", ["SUM", "PROD", "MAX", "MIN"])
@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 3, 1, 5), data=st.data(), dtype=DTYPES, computed=st.booleans(), seed=SEEDS)
def test_segments_may_come_in_any_order(
    op: str, shape: tuple[int, ...], data: Any, dtype: str, computed: bool, seed: int
) -> None:
    rank = data.draw(st.integers(1, len(shape)))
    ids = random_array("int32", shape[:rank], seed, -1, 3)  # a negative one is left out
    count = max(int(ids.max()) + 1, 1) + data.draw(st.integers(0, 1))
    g = Builder()
    x, segments, number = g.input(shape, dtype), operand(g, ids, computed), operand(g, count, computed)
    y = g.tensor((count, *shape[rank:]), dtype)
    g.op(f"UNSORTED_SEGMENT_{op}", [x, segments, number], [y])
    check(g.model(), [_values(x, seed), *([ids, np.array(count, np.int32)] if computed else [])])


def test_ids_that_fall_are_an_input_error() -> None:
    from delegraph_reference.kernels.segment_sum import SUPPORT

    g = Builder()
    x, ids = g.input((2,), "float32"), g.input((2,), "int32")
    y = g.op("SEGMENT_SUM", [x, ids], [g.tensor((2,), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=r"needs segment ids that rise from 0 by 1, found \[1, 0\]"):
        run(np.zeros(2, np.float32), np.array([1, 0], np.int32))


def test_an_id_beyond_the_segments_is_an_input_error() -> None:
    from delegraph_reference.kernels import row_of

    g = Builder()
    x, ids, count = g.input((2,), "float32"), g.input((2,), "int32"), g.input((), "int32")
    y = g.op("UNSORTED_SEGMENT_SUM", [x, ids, count], [g.tensor((2,), "float32")])
    row = row_of("UNSORTED_SEGMENT_SUM", "float32 int32 int32 -> float32")
    run = row.kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match="needs segment ids below 2, found 2"):
        run(np.zeros(2, np.float32), np.array([0, 2], np.int32), np.array(2, np.int32))


def _values(x: Any, seed: int) -> np.ndarray:
    return inputs_for(x, seed, 0.5, 2) if x.dtype == "float32" else inputs_for(x, seed)
