"""EMBEDDING_LOOKUP_SPARSE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for, random_array
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes(1, 3, 1, 3),
    rest=shapes(1, 2, 1, 3),
    count=st.integers(1, 6),
    combiner=st.sampled_from(["SUM", "MEAN", "SQRTN"]),
    seed=SEEDS,
)
def test_rows_are_combined_at_their_places(
    shape: tuple[int, ...], rest: tuple[int, ...], count: int, combiner: str, seed: int
) -> None:
    bits = np.random.PCG64(seed).random_raw(count * len(shape)).reshape(count, len(shape))
    places = (bits % np.array(shape, np.uint64)).astype(np.int32)
    places = places[np.lexsort(places.T[::-1])]
    arrays: list[Any] = [
        random_array("int32", (count,), seed, 0, 4),
        places,
        np.array(shape, np.int32),
        random_array("float32", (count,), seed, 0.5, 2),
    ]
    g = Builder()
    spec = [g.input(a.shape, str(a.dtype)) for a in arrays]
    table = g.input((5, *rest), "float32")
    y = g.tensor((*shape[:-1], *rest), "float32")
    g.op("EMBEDDING_LOOKUP_SPARSE", [*spec, table], [y], combiner=combiner)
    check(g.model(), [*arrays, inputs_for(table, seed, 0.5, 2)])
