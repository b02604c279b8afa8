"""BROADCAST_ARGS against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
from strategies import broadcast_pairs


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(), dtype=st.sampled_from(["int32", "int64"]))
def test_it_gives_the_shape_of_both(pair: tuple[tuple[int, ...], ...], dtype: str) -> None:
    g = Builder()
    inputs = [g.input((len(shape),), dtype) for shape in pair]
    g.op("BROADCAST_ARGS", inputs, [g.tensor((max(map(len, pair)),), dtype)])
    check(g.model(), [np.array(shape, dtype) for shape in pair])
