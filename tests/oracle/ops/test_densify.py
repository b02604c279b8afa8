"""DENSIFY against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model, Record
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check

converter = pytest.importorskip("ai_edge_litert.format_converter_wrapper_pybind11")


@settings(max_examples=40, deadline=None)
@given(data=st.data(), rank=st.integers(1, 3), dtype=st.sampled_from(["float32", "float16", "int8"]))
def test_a_sparse_constant_becomes_dense(data: Any, rank: int, dtype: str) -> None:
    blocked = data.draw(st.lists(st.integers(0, rank - 1), unique=True).map(sorted))
    blocks = [data.draw(st.integers(1, 3)) for _ in blocked]
    shape = [data.draw(st.integers(1, 4)) for _ in range(rank)]
    for axis, block in zip(blocked, blocks, strict=True):
        shape[axis] *= block
    order = data.draw(st.permutations(range(rank))) + [rank + i for i in range(len(blocks))]
    sparse = [data.draw(st.booleans()) for _ in range(rank)]
    bits = np.random.PCG64(data.draw(st.integers(0, 99))).random_raw(int(np.prod(shape)))
    dense = (bits % np.uint64(4) * (bits >> np.uint64(60) & np.uint64(1))).astype(dtype).reshape(shape)
    model = sparse_model(dense, order, sparse, blocks, blocked)
    (ours,) = check(model, []) or ()
    assert ours.tolist() == dense.tolist()


def test_a_dense_constant_is_refused() -> None:
    g = Builder()
    y = g.op("DENSIFY", [g.constant(np.zeros(3, np.float32))], [g.tensor((3,), "float32")])
    check(g.model([y]), [], expect_refusal="needs a sparse constant, found no sparsity")
    assert check(g.model([y]), []) is None


@pytest.mark.parametrize(
    ("segments", "indices", "message"),
    [
        ([0, 3], [0, 1, 9], "needs indices from 0 to 3, found 9"),
        ([0, 2], [0], "needs an index for each of 2 values, found 1"),
        ([0, 4], [0, 1, 2, 3], "needs 4 stored values, found 3"),
        ([0], [], "needs rising segments, 2 of them, found 1"),
    ],
)
def test_broken_sparsity_is_an_input_error(segments: list[int], indices: list[int], message: str) -> None:
    from delegraph_reference.kernels.densify import SUPPORT

    level = Record(
        "DimensionMetadata",
        {
            "format": "SPARSE_CSR",
            "dense_size": 0,
            "array_segments": Record("Int32Vector", {"values": segments}),
            "array_indices": Record("Uint8Vector", {"values": indices}),
        },
    )
    sparsity = Record(
        "SparsityParameters", {"traversal_order": [0], "block_map": None, "dim_metadata": [level]}
    )
    model = with_sparsity(np.zeros(4, np.float32), np.ones(3, np.float32), sparsity)
    with pytest.raises(InputError, match=message):
        SUPPORT[0].kernel(model.subgraphs[0].ops[0])


def sparse_model(
    dense: np.ndarray, order: list[int], sparse: list[bool], blocks: list[int], blocked: list[int]
) -> Model:
    """Return a model of one DENSIFY whose constant LiteRT's own converter made sparse."""
    kinds = converter.TF_LITE_DIM_DENSE, converter.TF_LITE_DIM_SPARSE_CSR
    formats = [kinds[is_sparse] for is_sparse in sparse] + [kinds[0]] * len(blocks)
    made = converter.FormatConverterFp32(list(dense.shape), order, formats, blocks, blocked)
    made.DenseToSparse(dense.astype(np.float32).reshape(-1))
    numbers = made.GetDimMetadata()
    by_level = [sparse[axis] if axis < len(sparse) else False for axis in order]
    levels = [_level(is_sparse, numbers[2 * i], numbers[2 * i + 1]) for i, is_sparse in enumerate(by_level)]
    sparsity = {
        "traversal_order": tuple(order),
        "block_map": tuple(blocked) or None,
        "dim_metadata": tuple(levels),
    }
    return with_sparsity(
        dense, np.array(made.GetData(), dense.dtype), Record("SparsityParameters", sparsity)
    )


def with_sparsity(dense: np.ndarray, stored: np.ndarray, sparsity: Record) -> Model:
    g = Builder()
    y = g.op("DENSIFY", [g.constant(dense)], [g.tensor(dense.shape, str(dense.dtype))])
    model = g.model([y])
    graph = model.subgraphs[0]
    constant = attrs.evolve(graph.tensors[0], sparsity=sparsity, data=stored)
    op = attrs.evolve(graph.ops[0], inputs=(constant,))
    graph = attrs.evolve(graph, tensors=(constant, *graph.tensors[1:]), ops=(op,))
    return attrs.evolve(model, subgraphs=(graph,))


def _level(is_sparse: bool, first: list[int], second: list[int]) -> Record:
    vectors = (
        [Record("Int32Vector", {"values": tuple(v)}) for v in (first, second)] if is_sparse else [None] * 2
    )
    return Record(
        "DimensionMetadata",
        {
            "format": "SPARSE_CSR" if is_sparse else "DENSE",
            "dense_size": 0 if is_sparse else first[0],
            "array_segments": vectors[0],
            "array_indices": vectors[1],
        },
    )
