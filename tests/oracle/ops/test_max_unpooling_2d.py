"""MaxPoolingWithArgmax2D and MaxUnpooling2D against XNNPACK, which LiteRT has by default.

LiteRT has no kernels of them. XNNPACK takes both together where windows do not overlap. Of equal values
MediaPipe takes the first; XNNPACK, in windows of 9, another one: here no value is there twice.
"""

from __future__ import annotations

import struct
from typing import Any

import litert
import numpy as np
from delegraph.file import write_model
from delegraph.model import Builder, Model
from delegraph_reference.kernels import max_pooling_with_argmax_2d, max_unpooling_2d
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64
from one_op import prepared
from strategies import SEEDS

ROWS = max_pooling_with_argmax_2d.SUPPORT + max_unpooling_2d.SUPPORT


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5)),
    window=st.tuples(st.integers(1, 3), st.integers(1, 3)).filter(lambda w: w != (1, 1)),
    seed=SEEDS,
)
def test_values_come_back_to_where_they_were_found(
    size: tuple[int, ...], window: tuple[int, int], seed: int
) -> None:
    batch, rows, columns, channels = size
    shape = (batch, rows * window[0], columns * window[1], channels)
    bits = PCG64(seed).random_raw(int(np.prod(shape)))
    x = (np.argsort(bits) - bits.size / 2).astype(np.float32).reshape(shape)
    model = there_and_back(x.shape, size, window)
    (theirs,) = litert.run(write_model(model), [x], resolver="BUILTIN")
    np.testing.assert_array_equal(ours(model, x), theirs)


def there_and_back(shape: tuple[int, ...], size: tuple[int, ...], window: tuple[int, int]) -> Model:
    g = Builder()
    same, valid = (struct.pack("<8i", p, *window[::-1], *window[::-1], 0, 0, 0) for p in (1, 2))
    x = g.input(shape, "float32")
    pooled = [g.tensor(size, "float32"), g.tensor(size, "float32")]
    g.op("MaxPoolingWithArgmax2D", [x], pooled, custom_options=same)
    return g.model([g.op("MaxUnpooling2D", pooled, [g.tensor(shape, "float32")], custom_options=valid)])


def ours(model: Model, x: np.ndarray) -> np.ndarray:
    arrays: Any = (x,)
    for op in model.subgraphs[0].ops:
        arrays = prepared(op, model.subgraphs[0], rows_of)(*arrays)
    return arrays[0]  # type: ignore[no-any-return]


def rows_of(op: str) -> list[Any]:
    return [row for row in ROWS if row.op == op]
