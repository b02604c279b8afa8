"""RANDOM_UNIFORM and RANDOM_STANDARD_NORMAL against LiteRT."""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph.file import write_model
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, rows

SEED = st.integers(-(2**63), 2**63 - 1)
OPS = pytest.mark.parametrize("op", ["RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL"])


@OPS
@settings(max_examples=30, deadline=None)
@given(
    shape=st.lists(st.integers(1, 8), min_size=1, max_size=3), seed=SEED, seed2=SEED, computed=st.booleans()
)
def test_seeds_decide_the_numbers(op: str, shape: list[int], seed: int, seed2: int, computed: bool) -> None:
    shape[-1] += shape[-1] % 2  # LiteRT writes normal numbers in pairs, beyond the end if need be
    g = Builder()
    size = operand(g, shape, computed)
    g.op(op, [size], [g.tensor(shape, "float32")], seed=seed or 1, seed2=seed2)
    check(g.model(), [np.array(shape, np.int32)] if computed else [])


@OPS
def test_numbers_go_on_from_one_run_to_the_next(op: str) -> None:
    g = Builder()
    y = g.op(op, [g.constant(np.array([6], np.int32))], [g.tensor((6,), "float32")], seed=7, seed2=9)
    model = g.model([y])
    theirs = litert.run(write_model(model), [], invokes=3)[0]
    run = rows(op)[0].kernel(model.subgraphs[0].ops[0])
    ours = [run(np.array([6], np.int32))[0] for _ in range(3)]
    np.testing.assert_allclose(ours[2], theirs, rtol=1e-5)
    assert not np.allclose(ours[0], ours[1])


@OPS
def test_seeds_of_zero_give_other_numbers_at_each_start(op: str) -> None:
    g = Builder()
    y = g.op(op, [g.constant(np.array([6], np.int32))], [g.tensor((6,), "float32")])
    first, second = (rows(op)[0].kernel(g.model([y]).subgraphs[0].ops[0]) for _ in range(2))
    assert not np.allclose(first(np.array([6], np.int32))[0], second(np.array([6], np.int32))[0])
