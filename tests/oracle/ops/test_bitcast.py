"""BITCAST against LiteRT."""

from __future__ import annotations

import numpy as np
from delegraph.model import DTYPES, Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, shapes

TYPES = "float32 float16 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 complex64".split()


@settings(max_examples=80, deadline=None)
@given(source=st.sampled_from(TYPES), target=st.sampled_from(TYPES), shape=shapes(0, 3), seed=SEEDS)
def test_the_bytes_stay(source: str, target: str, shape: tuple[int, ...], seed: int) -> None:
    old, new = DTYPES[source].bits, DTYPES[target].bits
    before, after = (*shape, new // old or 1), (*shape, 1, old // new)
    g = Builder()
    x = g.input(before, source)
    y = g.tensor(shape if old < new else after if old > new else before, target)
    with np.errstate(invalid="ignore"):  # the bytes may be those of a signaling NaN
        check(g.model([g.op("BITCAST", [x], [y])]), [random_array(source, before, seed)], rtol=0)


def test_a_last_axis_that_does_not_make_up_an_element_is_refused() -> None:
    g = Builder()
    y = g.op("BITCAST", [g.input((2, 3), "int8")], [g.tensor((2,), "int32")])
    why = "a last axis that makes up one element of the larger type"
    check(g.model([y]), [np.zeros((2, 3), np.int8)], expect_refusal=why)
