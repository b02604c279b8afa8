"""STABLEHLO_GATHER against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check, random_array
from strategies import SEEDS, permutations, shapes


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 3, 1, 4), batch=shapes(0, 2, 1, 3), data=st.data(), seed=SEEDS)
def test_every_type_gives_the_picked_blocks(
    shape: tuple[int, ...], batch: tuple[int, ...], data: Any, seed: int
) -> None:
    rank = len(shape)
    collapsed = sorted(data.draw(st.sets(st.integers(0, rank - 1))))
    sizes = [1 if axis in collapsed else data.draw(st.integers(1, d)) for axis, d in enumerate(shape)]
    along = list(data.draw(permutations(rank)))[: data.draw(st.integers(1, rank))]
    vector = data.draw(st.integers(0, len(batch)))
    indices = random_array("int64", (*batch[:vector], len(along), *batch[vector:]), seed, -1, 4)
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    kept = [n for axis, n in enumerate(sizes) if axis not in collapsed]
    result = len(batch) + len(kept)
    offsets = sorted(data.draw(permutations(result))[: len(kept)])
    block, rest = iter(kept), iter(batch)
    new = [next(block) if axis in offsets else next(rest) for axis in range(result)]

    def build(g: Builder, dtype: str) -> Model:
        x, starts = g.input(shape, dtype), g.input(indices.shape, kind)
        y = g.op(
            "STABLEHLO_GATHER",
            [x, starts],
            [g.tensor(new, dtype)],
            offset_dims=offsets,
            collapsed_slice_dims=collapsed,
            start_index_map=along,
            index_vector_dim=vector,
            slice_sizes=sizes,
        )
        return g.model([y])

    check_moves(build, shape, indices.astype(kind))


def test_slices_larger_than_the_tensor_are_refused() -> None:

    g = Builder()
    x, starts = g.input((2,), "float32"), g.input((1,), "int32")
    options = {"offset_dims": [0], "start_index_map": [0], "index_vector_dim": 0, "slice_sizes": [3]}
    g.op("STABLEHLO_GATHER", [x, starts], [g.tensor((3,), "float32")], **options)
    arrays = [np.zeros(2, np.float32), np.zeros(1, np.int32)]
    check(g.model(), arrays, expect_refusal="needs slices that lie inside of the tensor, found slice_sizes")
