"""SPARSE_TO_DENSE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import operand
from one_op import check, inputs_for
from strategies import SEEDS, shapes


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 4, 1, 4), count=st.integers(1, 5), data=st.data(), seed=SEEDS)
def test_values_stand_at_their_indices(shape: tuple[int, ...], count: int, data: Any, seed: int) -> None:
    dtype = data.draw(st.sampled_from(["float32", "int8", "uint8", "int32", "int64"]))
    kind, computed = data.draw(st.sampled_from(["int32", "int64"])), data.draw(st.booleans())
    one = data.draw(st.booleans())  # one value for all
    bits = np.random.PCG64(seed).random_raw(count * len(shape)).reshape(count, len(shape))
    indices = (bits % np.array(shape, np.uint64)).astype(kind)
    if len(shape) == 1:
        indices = indices.reshape(data.draw(st.sampled_from([(count,), (count, 1)])))
    g = Builder()
    where, size = g.input(indices.shape, kind), operand(g, shape, computed, kind)
    values, default = g.input(() if one else (count,), dtype), g.input((), dtype)
    g.op("SPARSE_TO_DENSE", [where, size, values, default], [g.tensor(shape, dtype)])
    given = [np.array(shape, kind)] if computed else []
    check(g.model(), [indices, *given, inputs_for(values, seed), inputs_for(default, seed + 1)])
