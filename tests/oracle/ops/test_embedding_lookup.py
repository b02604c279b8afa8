"""EMBEDDING_LOOKUP against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for, random_array
from strategies import SEEDS, scales, shapes


@settings(max_examples=30, deadline=None)
@given(rest=shapes(1, 3, 1, 4), data=st.data(), seed=SEEDS)
def test_rows_are_copied(rest: tuple[int, ...], data: Any, seed: int) -> None:
    dtype = data.draw(st.sampled_from(["float32", "float16", "int8", "uint8", "int32", "int64", "bool"]))
    g = Builder()
    rows, table = g.input((4,), "int32"), g.input((5, *rest), dtype)
    g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((4, *rest), dtype)])
    check(g.model(), [random_array("int32", (4,), seed, 0, 4), inputs_for(table, seed)])


@settings(max_examples=40, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(["int8", "int4", "int2"]), per_row=st.booleans(), seed=SEEDS)
def test_a_quantized_table_gives_floats(data: Any, dtype: str, per_row: bool, seed: int) -> None:
    factors = [data.draw(scales(1e-3, 10)) for _ in range(5 if per_row else 1)]
    values = random_array(dtype, (5, 8), seed)
    g = Builder()
    rows = g.input((4,), "int32")
    table = g.constant(values, dtype, scale=factors, zero_point=[0] * len(factors))
    g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((4, 8), "float32")], version=5)
    check(g.model(), [random_array("int32", (4,), seed, 0, 4)])


@pytest.mark.parametrize("row", [-1, 3])
def test_a_row_outside_is_an_input_error(row: int) -> None:
    from delegraph_reference.kernels.embedding_lookup import SUPPORT

    g = Builder()
    rows, table = g.input((1,), "int32"), g.input((3, 2), "float32")
    y = g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((1, 2), "float32")])
    run = SUPPORT[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=f"needs rows from 0 to 2, found {row}"):
        run(np.array([row], np.int32), np.zeros((3, 2), np.float32))


def test_a_quantized_table_with_a_zero_point_is_refused() -> None:
    g = Builder()
    rows, table = g.input((1,), "int32"), g.constant(np.zeros((3, 2), np.int8), scale=0.5, zero_point=1)
    g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((1, 2), "float32")])
    arrays = [np.zeros(1, np.int32)]
    check(g.model(), arrays, expect_refusal="and zero points of 0, found zero points [1]")
    assert check(g.model(), arrays) is None
