"""EMBEDDING_LOOKUP against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Blocks, Builder
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
@given(
    data=st.data(),
    dtype=st.sampled_from(["int8", "int4", "int2"]),
    out=st.sampled_from(["float32", "float16"]),
    per_row=st.booleans(),
    seed=SEEDS,
)
def test_a_quantized_table_gives_floats(data: Any, dtype: str, out: str, per_row: bool, seed: int) -> None:
    factors = [data.draw(scales(1e-3, 10)) for _ in range(5 if per_row else 1)]
    values = random_array(dtype, (5, 8), seed)
    g = Builder()
    rows = g.input((4,), "int32")
    table = g.constant(values, dtype, scale=factors, zero_point=[0] * len(factors))
    g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((4, 8), out)], version=5)
    check(g.model(), [random_array("int32", (4,), seed, 0, 4)], rtol=0)


@pytest.mark.parametrize("out", ["float32", "float16"])
@settings(max_examples=30, deadline=None)
@given(
    blocks=st.integers(1, 3),
    size=st.sampled_from([8, 32, 256]),
    dtype=st.sampled_from(["int4", "int2"]),
    seed=SEEDS,
)
def test_a_table_in_blocks_gives_floats(out: str, blocks: int, size: int, dtype: str, seed: int) -> None:
    scales_of_blocks = random_array("float32", (5, blocks), seed + 1, -2, 2).astype(np.float16)
    g = Builder()
    rows = g.input((4,), "int32")
    in_blocks = Blocks(g.constant(scales_of_blocks), size)
    table = g.constant(random_array(dtype, (5, blocks * size), seed), dtype, blocks=in_blocks)
    g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((4, blocks * size), out)], version=5)
    check(g.model(), [random_array("int32", (4,), seed, 0, 4)], rtol=0)


def test_bytes_and_tables_of_rank_3_have_blocks_too() -> None:
    """LiteRT has neither; their answer is written out."""
    stored = random_array("int8", (5, 3, 8), 1)
    factors = random_array("float32", (5, 3, 2), 2, -2, 2).astype(np.float16)
    g = Builder()
    table = g.constant(stored, "int8", blocks=Blocks(g.constant(factors), 4))
    y = g.op(
        "EMBEDDING_LOOKUP", [g.input((2,), "int32"), table], [g.tensor((2, 3, 8), "float32")], version=5
    )
    found = check(g.model([y]), [np.int32([4, 1])], expect_litert_failure=True)
    real = stored.astype(np.float64) * factors.astype(np.float64).repeat(4, axis=2)
    assert found is not None
    np.testing.assert_array_equal(found[0], real[[4, 1]])


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
