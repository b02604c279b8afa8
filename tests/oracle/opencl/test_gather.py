"""GATHER, GATHER_ND and EMBEDDING_LOOKUP on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import inputs_for, random_array
from one_op_opencl import check
from strategies import SEEDS, shapes

QUANTIZED: dict[str, dict[str, Any]] = {"int8": {"scale": 0.5, "zero_point": 3}}
TYPES = st.sampled_from(["float32", "int8", "int32", "int64", "bool"])
INDICES = st.sampled_from(["int16", "int32", "int64"])


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 4, 1, 5), dtype=TYPES, index=INDICES, data=st.data(), seed=SEEDS)
def test_gather_picks_slices(shape: tuple[int, ...], dtype: str, index: str, data: Any, seed: int) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    batch = data.draw(st.integers(0, min(axis, 2)))
    picks = (*shape[:batch], *data.draw(shapes(0 if batch else 1, 2, 1, 4)))
    g = Builder()
    x, indices = g.input(shape, dtype, **QUANTIZED.get(dtype, {})), g.input(picks, index)
    out = (*shape[:axis], *picks[batch:], *shape[axis + 1 :])
    y = g.tensor(out, dtype, **QUANTIZED.get(dtype, {}))
    g.op("GATHER", [x, indices], [y], version=7, axis=axis, batch_dims=batch)
    check(g.model([y]), [inputs_for(x, seed), random_array(index, picks, seed, 0, shape[axis] - 1)])


@settings(max_examples=15, deadline=None)
@given(shape=shapes(1, 4, 1, 5), dtype=TYPES, index=INDICES, data=st.data(), seed=SEEDS)
def test_gather_nd_picks_elements(
    shape: tuple[int, ...], dtype: str, index: str, data: Any, seed: int
) -> None:
    depth = data.draw(st.integers(1, len(shape)))
    picks = data.draw(shapes(1, 2, 1, 4))
    g = Builder()
    x, indices = g.input(shape, dtype, **QUANTIZED.get(dtype, {})), g.input((*picks, depth), index)
    y = g.tensor((*picks, *shape[depth:]), dtype, **QUANTIZED.get(dtype, {}))
    g.op("GATHER_ND", [x, indices], [y], version=5)
    places = [random_array(index, picks, seed + i, 0, d - 1) for i, d in enumerate(shape[:depth])]
    check(g.model([y]), [inputs_for(x, seed), np.stack(places, axis=-1)])


@pytest.mark.parametrize("rest", [(3,), (2, 5)])
def test_embedding_lookup_picks_rows_of_a_constant(rest: tuple[int, ...]) -> None:
    g = Builder()
    rows, table = g.input((6,), "int32"), g.constant(random_array("float32", (9, *rest), 2))
    y = g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((6, *rest), "float32")])
    check(g.model([y]), [np.array([0, 8, 3, 3, 1, 7], np.int32)], half_rtol=1e-3)


def test_embedding_lookup_dequantizes_rows() -> None:
    g = Builder()
    stored = random_array("int8", (9, 4), 2)
    rows, table = g.input((3,), "int32"), g.constant(stored, scale=0.25, zero_point=0)
    y = g.op("EMBEDDING_LOOKUP", [rows, table], [g.tensor((3, 4), "float32")], version=3)
    check(g.model([y]), [np.array([0, 8, 3], np.int32)], half_rtol=1e-3)


def test_an_index_outside_picks_the_nearest_row() -> None:
    """LiteRT refuses to run; a device that computes cannot, and reads nothing else."""
    g = Builder()
    x, indices = g.input((4,), "float32"), g.input((2,), "int32")
    y = g.op("GATHER", [x, indices], [g.tensor((2,), "float32")])
    arrays = [np.arange(4, dtype=np.float32), np.array([-5, 9], np.int32)]
    check(g.model([y]), arrays, expected=[np.array([0, 3], np.float32)])
