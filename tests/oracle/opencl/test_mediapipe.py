"""MediaPipe custom ops on OpenCL, against XNNPACK, which LiteRT has by default, and TRANSPOSE_CONV."""

from __future__ import annotations

import struct
from typing import Any

import litert
import numpy as np
import pytest
from delegraph import Builder, Model, write_model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64
from one_op import random_array
from one_op_opencl import check, refusal
from strategies import SEEDS, STRIDES

SIDE = st.integers(1, 6)


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 9)),
    window=st.tuples(st.integers(1, 3), st.integers(1, 3)).filter(lambda w: w != (1, 1)),
    seed=SEEDS,
)
def test_values_come_back_to_where_they_were_found(
    size: tuple[int, ...], window: tuple[int, int], seed: int
) -> None:
    """No value is there twice: of equal ones MediaPipe takes the first, XNNPACK another one."""
    batch, rows, columns, channels = size
    shape = (batch, rows * window[0], columns * window[1], channels)
    bits = PCG64(seed).random_raw(int(np.prod(shape)))
    x = (np.argsort(bits) - bits.size / 2).astype(np.float32).reshape(shape)
    check(there_and_back(shape, size, window), [x], resolver="BUILTIN")


def test_places_and_values_of_windows_that_overlap() -> None:
    """In the 3 x 3 window at the corner, of which 2 x 2 lie inside, place 8 is the last pixel."""
    g = Builder()
    x = g.input((1, 3, 3, 1), "float32")
    outputs = [g.tensor((1, 2, 2, 1), "float32") for _ in range(2)]
    g.op("MaxPoolingWithArgmax2D", [x], outputs, custom_options=struct.pack("<6i", 1, 2, 2, 3, 3, 1))
    image = np.array([[1, 2, 3], [4, 5, -6], [-7, -8, -9]], np.float32).reshape(1, 3, 3, 1)
    # Windows begin at row and column -1; RELU makes 0 of -6 and -8.
    values = np.array([[5, 5], [5, 5]], np.float32).reshape(1, 2, 2, 1)
    places = np.array([[8, 6], [2, 0]], np.float32).reshape(1, 2, 2, 1) + np.float32(0.1)
    check(g.model(outputs), [image], expected=[values, places])


def test_places_from_elsewhere_are_refused() -> None:
    g = Builder()
    x, places = g.input((1, 2, 2, 1), "float32"), g.input((1, 2, 2, 1), "float32")
    y = g.tensor((1, 4, 4, 1), "float32")
    y = g.op("MaxUnpooling2D", [x, places], [y], custom_options=struct.pack("<6i", 2, 2, 2, 2, 2, 0))
    assert "needs places that a MaxPoolingWithArgmax2D of the same windows found" in refusal(g.model([y]))


@settings(max_examples=20, deadline=None)
@given(
    x=st.tuples(st.integers(1, 2), SIDE, SIDE, st.integers(1, 4)),
    filters=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(STRIDES, STRIDES),
    same=st.booleans(),
    seed=SEEDS,
)
def test_a_transposed_convolution_with_a_bias(
    x: Any, filters: Any, strides: tuple[int, int], same: bool, seed: int
) -> None:
    image = random_array("float32", x, seed)
    weights, bias = (
        random_array("float32", (*filters, x[3]), seed + 1),
        random_array("float32", filters[:1], seed),
    )
    sizes = zip(x[1:3], filters[1:3], strides, strict=True)
    height, width = ((n - 1) * s + k - (max(k - (n - 1) % s - 1, 0) if same else 0) for n, k, s in sizes)
    shape = (x[0], height, width, filters[0])
    g = Builder()
    stored = struct.pack("<3i", 1 if same else 2, strides[1], strides[0])
    inputs = [g.input(x, "float32"), g.constant(weights), g.constant(bias)]
    y = g.op("Convolution2DTransposeBias", inputs, [g.tensor(shape, "float32")], custom_options=stored)
    expected = transpose_conv(shape, [image, weights, bias], strides, same)
    check(g.model([y]), [image], expected=expected, half_rtol=1e-2)


def transpose_conv(
    shape: tuple[int, ...], arrays: list[np.ndarray], strides: tuple[int, int], same: bool
) -> list[np.ndarray]:
    """Return what LiteRT's TRANSPOSE_CONV gives."""
    g = Builder()
    x, (weights, bias) = g.input(arrays[0].shape, "float32"), map(g.constant, arrays[1:])
    options = {"padding": "SAME" if same else "VALID", "stride_h": strides[0], "stride_w": strides[1]}
    inputs = [g.constant(np.array(shape, np.int32)), weights, x, bias]
    g.op("TRANSPOSE_CONV", inputs, [g.tensor(shape, "float32")], version=3, **options)
    return litert.run(write_model(g.model()), [arrays[0]])


def there_and_back(shape: tuple[int, ...], size: tuple[int, ...], window: tuple[int, int]) -> Model:
    g = Builder()
    same, valid = (struct.pack("<8i", p, *window[::-1], *window[::-1], 0, 0, 0) for p in (1, 2))
    x = g.input(shape, "float32")
    pooled = [g.tensor(size, "float32"), g.tensor(size, "float32")]
    g.op("MaxPoolingWithArgmax2D", [x], pooled, custom_options=same)
    return g.model([g.op("MaxUnpooling2D", pooled, [g.tensor(shape, "float32")], custom_options=valid)])


@pytest.mark.parametrize("channels", [8, 12])
def test_images_of_many_channels(channels: int) -> None:
    size, shape = (1, 20, 24, channels), (1, 40, 48, channels)
    x = np.random.RandomState(0).permutation(np.prod(shape)).astype(np.float32).reshape(shape)
    check(there_and_back(shape, size, (2, 2)), [x / 64], resolver="BUILTIN", half_rtol=None)
