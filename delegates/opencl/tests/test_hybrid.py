"""Float activations are rounded to 8 bits before integer weights multiply them: written-out arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, profile

BOTH_KERNELS = pytest.mark.parametrize("kernels", ["cpu", "gpu"])


def sums(rows, depth, scale=0.5, **options):
    """Return a model that adds up each row of its input, times a scale."""
    g = Builder()
    x = g.input((rows, depth), "float32")
    ones = g.constant(np.ones((1, depth), np.int8), scale=scale, zero_point=0)
    out = g.tensor((rows, 1), "float32")
    return g.model(outputs=[g.op("FULLY_CONNECTED", [x, ones], [out], version=9, **options)])


@BOTH_KERNELS
def test_each_row_is_rounded_to_steps_of_a_127th_of_its_largest_number(interpret, load, kernels):
    row = np.array([127, 63.4, -0.6, 0.5], np.float32)  # a step is 1: 127 + 63 - 1 + 1
    found = interpret(sums(3, 4), load(kernels=kernels))(np.stack([row, row / 4, -2 * row]))
    assert found.reshape(-1).tolist() == [95, 95 / 4, -190]


@BOTH_KERNELS
def test_an_asymmetric_row_has_256_steps_with_0_among_them(interpret, load, kernels):
    # Steps of 1 from -28 to 227; of 2 from -255 to 255, shifted by a half, so that 0 is one: -254 to 256.
    x = np.array([[-28, 0.4, 227, 100.5], [-255, 255, 0, 3]], np.float32)
    found = interpret(sums(2, 4, asymmetric_quantize_inputs=True), load(kernels=kernels))(x)
    assert found.reshape(-1).tolist() == [(-28 + 0 + 227 + 101) / 2, (-254 + 256 + 0 + 4) / 2]


@BOTH_KERNELS
@pytest.mark.parametrize("depth", [15, 17, 4096, 4097, 300_001])
def test_the_largest_number_may_lie_anywhere_in_a_row(interpret, load, depth, kernels):
    it = interpret(sums(1, depth, scale=1.0), load(kernels=kernels))
    for place in {0, depth // 2, depth - 2, depth - 1}:
        x = np.full((1, depth), 0.4, np.float32)  # nothing, in steps of 1
        x[0, place] = -127
        assert it(x).tolist() == [[-127]]


def test_launches_on_their_own_compute_the_same(interpret):
    x = np.array([[127, 63.4, -0.6, 0.5]], np.float32)
    it = interpret(sums(1, 4))
    together = it(x)
    with profile.listen():
        assert it(x) == together


def test_a_row_of_zeros_has_sums_of_zero(interpret):
    assert interpret(sums(2, 20))(np.zeros((2, 20), np.float32)).tolist() == [[0], [0]]


@pytest.mark.parametrize(("channels", "kernel"), [(2, "conv_2d_lines"), (3, "integers")])
def test_few_channels_of_large_windows_are_summed_as_floats_others_as_bytes(
    interpret, load, channels, kernel
):
    rng = np.random.default_rng(6)
    x = rng.integers(-127, 128, (1, 6, 20, 8)).astype(np.float32)
    x[0, 0, 0, 0] = 127  # a step is 1
    weights = rng.integers(-127, 128, (channels, 3, 3, 8)).astype(np.int8)
    g = Builder()
    image = g.input(x.shape, "float32")
    filters = g.constant(weights, scale=0.5, zero_point=0)
    out = g.tensor((1, 4, 18, channels), "float32")
    g.op("CONV_2D", [image, filters], [out], version=5, padding="VALID", stride_w=1, stride_h=1)
    it = interpret(g.model(outputs=[out]), load(kernels="cpu"))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    assert np.array_equal(it(x), np.einsum("nyxcij,oijc->nyxo", windows, weights / 2))
    with profile.listen() as events:
        it(x)
    assert kernel in [event.detail for event in events]


def test_sums_that_float32_does_not_hold_are_exact(interpret, load):
    rng = np.random.default_rng(6)
    x = rng.integers(100, 128, (1, 300, 8, 16)).astype(np.float32)
    x[0, 0, 0, 0] = 127  # a step is 1
    weights = rng.integers(100, 128, (3, 300, 8, 16)).astype(np.int8)
    g = Builder()
    filters = g.constant(weights, scale=1.0, zero_point=0)
    out = g.tensor((1, 1, 1, 3), "float32")
    image = g.input(x.shape, "float32")
    g.op("CONV_2D", [image, filters], [out], version=5, padding="VALID", stride_w=1, stride_h=1)
    exact = np.einsum("yxi,oyxi->o", x[0].astype(np.int64), weights.astype(np.int64))
    found = interpret(g.model(outputs=[out]), load(kernels="cpu"))(x)
    assert found.reshape(-1).tolist() == exact.astype(np.float32).tolist()
