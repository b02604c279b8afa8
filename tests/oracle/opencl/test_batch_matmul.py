"""BATCH_MATMUL on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import inputs_for, random_array
from one_op_opencl import check
from strategies import SEEDS

SIDES = st.sampled_from([1, 2, 3, 5, 8, 17, 33, 40])
STACKS = st.sampled_from([((), ()), ((2,), (2,)), ((3,), (1,)), ((2, 3), (3,)), ((1, 3), (2, 1))])


@settings(max_examples=25, deadline=None)
@given(
    sides=st.tuples(SIDES, SIDES, SIDES),
    stacks=STACKS,
    adjoint=st.tuples(st.booleans(), st.booleans()),
    constant=st.booleans(),
    dtype=st.sampled_from(["float32", "int8"]),
    seed=SEEDS,
)
def test_stacks_of_matrices(
    sides: tuple[int, int, int],
    stacks: tuple[tuple[int, ...], tuple[int, ...]],
    adjoint: tuple[bool, bool],
    constant: bool,
    dtype: str,
    seed: int,
) -> None:
    rows, depth, columns = sides
    x_shape = (*stacks[0], *((depth, rows) if adjoint[0] else (rows, depth)))
    y_shape = (*stacks[1], *((columns, depth) if adjoint[1] else (depth, columns)))
    out = (*np.broadcast_shapes(*stacks), rows, columns)
    q, out_q = quantizations(dtype, depth)
    g = Builder()
    x = g.input(x_shape, dtype, **q)
    arrays = [inputs_for(x, seed)]
    values = random_array(dtype, y_shape, seed + 1)
    if constant:
        y = g.constant(values, **q)
    else:
        y = g.input(y_shape, dtype, **q)
        arrays.append(values)
    z = g.tensor(out, dtype, **out_q)
    g.op("BATCH_MATMUL", [x, y], [z], version=2, adj_x=adjoint[0], adj_y=adjoint[1])
    check(g.model([z]), arrays, half_rtol=1e-2)


@pytest.mark.parametrize("adj_y", [False, True])
@pytest.mark.parametrize("rows", [1, 197])
def test_large_matrices(rows: int, adj_y: bool) -> None:
    g = Builder()
    x, y = g.input((2, rows, 300), "float32"), g.input((2, 150, 300) if adj_y else (2, 300, 150), "float32")
    z = g.op("BATCH_MATMUL", [x, y], [g.tensor((2, rows, 150), "float32")], adj_y=adj_y)
    check(g.model([z]), [inputs_for(x, 1), inputs_for(y, 2)], half_rtol=1e-2)


def test_ops_behind_it_are_computed_with_it() -> None:
    g = Builder()
    x, y, more = (
        g.input((2, 9, 20), "float32"),
        g.input((2, 20, 40), "float32"),
        g.input((2, 9, 40), "float32"),
    )
    z = g.op("BATCH_MATMUL", [x, y], [g.tensor((2, 9, 40), "float32")])
    bias = g.constant(np.linspace(-1, 1, 40, dtype=np.float32))
    z = g.op("ADD", [z, bias], [g.tensor((2, 9, 40), "float32")], fused_activation_function="RELU")
    z = g.op("MUL", [more, z], [g.tensor((2, 9, 40), "float32")])
    check(g.model([z]), [inputs_for(x, 1), inputs_for(y, 2), inputs_for(more, 3)], half_rtol=1e-2)


def quantizations(dtype: str, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return scales and zero points of inputs and output, so that most results are in range."""
    if dtype == "float32":
        return {}, {}
    return {"scale": 0.05, "zero_point": 3}, {"scale": 0.05 * depth**0.5, "zero_point": -5}
