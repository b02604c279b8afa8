"""8-bit results are rounded as TFLite's reference kernels round them: by the written-out arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, rescale, round_half_away
from delegraph.numbers import quantize_multiplier

CONV = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}


def products(op, scale, **options):
    """Return a model that multiplies an input by each of 255 weights, and scales by ``scale``."""
    g = Builder()
    one, all_of_it = ((255, 1, 1, 1), (255, 1, 1, 255)) if op == "CONV_2D" else ((255, 1), (255, 255))
    x = g.input(one, "int8", scale=1.0, zero_point=0)
    stored = np.arange(-127, 128).astype(np.int8).reshape(one)
    weights = g.constant(stored, scale=scale, zero_point=0)
    out = g.tensor(all_of_it, "int8", scale=1.0, zero_point=0)
    return g.model(outputs=[g.op(op, [x, weights], [out], **options)])


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
@pytest.mark.parametrize("scale", [2.0**-8, 0.0123, 0.0031, 0.5, 2.0])
def test_a_convolution_is_rounded_by_the_multiplier_and_by_the_shift(interpret, load, scale, kernels):
    x = np.arange(-127, 128).astype(np.int8)
    found = interpret(products("CONV_2D", scale, **CONV), load(kernels=kernels))(x.reshape(255, 1, 1, 1))
    sums = np.outer(x.astype(np.int64), x)
    expected = rescale(sums, *quantize_multiplier(float(np.float32(scale)))).clip(-128, 127)
    assert np.array_equal(found.reshape(255, 255), expected)


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
@pytest.mark.parametrize("scale", [2.0**-8, 0.0031, 0.5, 2.0])
def test_a_fully_connected_op_is_rounded_once(interpret, load, scale, kernels):
    x = np.arange(-127, 128).astype(np.int8)
    model = products("FULLY_CONNECTED", scale)
    found = interpret(model, load(kernels=kernels))(x.reshape(255, 1))
    expected = round_half_away(np.outer(x.astype(np.float64), x) * float(np.float32(scale))).clip(-128, 127)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
def test_halves_of_a_sum_go_away_from_zero(interpret, load, kernels):
    g = Builder()
    shape = (1, 1, 16, 16)
    x, y = (g.input(shape, "int8", scale=0.5, zero_point=0) for _ in range(2))
    model = g.model(outputs=[g.op("ADD", [x, y], [g.tensor(shape, "int8", scale=1.0, zero_point=0)])])
    a = np.arange(-128, 128).astype(np.int8).reshape(shape)
    zeros = np.zeros(shape, np.int8)
    it = interpret(model, load(kernels=kernels))
    (found,) = it.run(
        {t.index: v for t, v in zip(model.subgraphs[0].inputs, (a, zeros), strict=True)}
    ).values()
    assert np.array_equal(found, round_half_away(a / 2.0))


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
@pytest.mark.parametrize("zero_point", [-7, 0, 100])
def test_halves_of_a_mean_of_a_window_go_away_from_a_stored_zero(interpret, load, zero_point, kernels):
    g = Builder()
    x = g.input((1, 2, 256, 4), "int8", scale=0.5, zero_point=zero_point)
    out = g.tensor((1, 1, 256, 4), "int8", scale=0.5, zero_point=zero_point)
    window = {"filter_height": 2, "filter_width": 1, "stride_h": 1, "stride_w": 1, "padding": "VALID"}
    model = g.model(outputs=[g.op("AVERAGE_POOL_2D", [x], [out], **window)])
    stored = np.arange(-128, 128).astype(np.int8).repeat(4).reshape(1, 1, 256, 4)
    pair = np.concatenate([stored, np.minimum(stored + 1, 127).astype(np.int8)], axis=1)
    found = interpret(model, load(kernels=kernels))(pair)
    assert np.array_equal(found[0, 0], round_half_away(pair[0].sum(axis=0) / 2.0))


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
@pytest.mark.parametrize("zero_point", [-7, 0, 100])
def test_halves_between_two_pixels_go_away_from_a_stored_zero(interpret, load, zero_point, kernels):
    g = Builder()
    quantization = {"scale": 0.3, "zero_point": zero_point}
    x, size = g.input((1, 1, 2, 256), "int8", **quantization), g.constant(np.array([1, 4], np.int32))
    model = g.model(
        outputs=[g.op("RESIZE_BILINEAR", [x, size], [g.tensor((1, 1, 4, 256), "int8", **quantization)])]
    )
    left = np.arange(-128, 128).astype(np.int8)
    pair = np.stack([left, np.minimum(left + 1, 127).astype(np.int8)])
    found = interpret(model, load(kernels=kernels))(pair[None, None])
    assert np.array_equal(found[0, 0, 1], round_half_away(pair.sum(axis=0) / 2.0))


BOUNDED = {"RELU6": 6, "RELU_N1_TO_1": 1, "RELU_0_TO_1": 1}


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("op", BOUNDED)
def test_the_bounds_of_an_activation_are_rounded_in_float32(interpret, load, op, fused):
    """Where a bound lies a last bit beside half a step, it is rounded as LiteRT does (a float's roundf)."""
    bound, scales = np.float32(BOUNDED[op]), []
    for steps in (20.5, 63.5, 110.5, 126.5):
        middle = bound / np.float32(steps)
        scales += [np.nextafter(middle, np.float32(0)), middle, np.nextafter(middle, np.float32(1))]
    g = Builder()
    x = g.input((1, 4), "uint8", scale=0.1, zero_point=0)
    outs = []
    for scale in scales:
        to = g.op("ADD", [x, x], [g.tensor((1, 4), "uint8", scale=0.1, zero_point=0)]) if fused else x
        outs.append(g.op(op, [to], [g.tensor((1, 4), "uint8", scale=float(scale), zero_point=111)]))
    it = interpret(g.model(outputs=outs), load())
    found = it.run({0: np.full((1, 4), 200, np.uint8)}).values()
    highest = [min(255, 111 + int(round_half_away(np.asarray(bound / s)))) for s in scales]
    assert [v.ravel().tolist() for v in found] == [[h] * 4 for h in highest]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_large_beta_leaves_the_largest(interpret, load, dtype):
    lowest, x = np.iinfo(dtype).min, np.array([[200, 3, 0, 199], [7, 7, 0, 1], [255, 254, 255, 255]])
    betas, outs = [1e6, 1e10, 1e30], []
    g = Builder()
    of = g.input(x.shape, dtype, scale=0.0039215, zero_point=0)
    for beta in betas:
        out = g.tensor(x.shape, dtype, scale=1 / 256, zero_point=lowest)
        outs.append(g.op("SOFTMAX", [of], [out], beta=beta))
    found = interpret(g.model(outputs=outs), load()).run({0: (x + lowest).astype(dtype)}).values()
    shares = np.array([[255, 0, 0, 0], [128, 128, 0, 0], [85, 0, 85, 85]]) + lowest
    for beta, share in zip(betas, found, strict=True):
        assert share.tolist() == shares.tolist(), beta
