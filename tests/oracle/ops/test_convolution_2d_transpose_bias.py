"""Convolution2DTransposeBias, of which LiteRT has no kernel, against its TRANSPOSE_CONV with a bias."""

from __future__ import annotations

import struct
from typing import Any

import litert
import numpy as np
from delegraph.file import write_model
from delegraph.model import Builder
from delegraph_reference.kernels import convolution_2d_transpose_bias
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import difference, prepared, random_array
from strategies import SEEDS, STRIDES

SIDE = st.integers(1, 6)


@settings(max_examples=60, deadline=None)
@given(
    x=st.tuples(st.integers(1, 2), SIDE, SIDE, st.integers(1, 4)),
    filters=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(STRIDES, STRIDES),
    same=st.booleans(),
    seed=SEEDS,
)
def test_it_is_a_transposed_convolution_with_a_bias(
    x: Any, filters: Any, strides: tuple[int, int], same: bool, seed: int
) -> None:
    image = random_array("float32", x, seed)
    weights, bias = (
        random_array("float32", (*filters, x[3]), seed + 1),
        random_array("float32", filters[:1], seed),
    )
    (ours,) = ours_of([image, weights, bias], strides, same)
    (theirs,) = transpose_conv(ours.shape, [image, weights, bias], strides, same)
    problem = difference(ours, theirs)
    assert problem is None, problem


def ours_of(arrays: list[np.ndarray], strides: tuple[int, int], same: bool) -> tuple[np.ndarray, ...]:
    g = Builder()
    stored = struct.pack("<3i", 1 if same else 2, strides[1], strides[0])
    inputs = [g.input(a.shape, "float32") for a in arrays]
    g.op("Convolution2DTransposeBias", inputs, [g.tensor((), "float32")], custom_options=stored)
    graph = g.model().subgraphs[0]
    return prepared(graph.ops[0], graph, lambda op: convolution_2d_transpose_bias.SUPPORT)(*arrays)


def transpose_conv(
    shape: tuple[int, ...], arrays: list[np.ndarray], strides: tuple[int, int], same: bool
) -> list[np.ndarray]:
    g = Builder()
    size, x = g.constant(np.array(shape, np.int32)), g.input(arrays[0].shape, "float32")
    weights, bias = g.constant(arrays[1]), g.constant(arrays[2])
    options = {"padding": "SAME" if same else "VALID", "stride_h": strides[0], "stride_w": strides[1]}
    y = g.op("TRANSPOSE_CONV", [size, weights, x, bias], [g.tensor(shape, "float32")], version=3, **options)
    return litert.run(write_model(g.model([y])), arrays[:1])
