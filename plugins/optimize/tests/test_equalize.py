"""Cross-layer equalization: the model computes what it did, and weights on both sides are of equal size."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, InputError, Model
from delegraph_optimize import quantize
from delegraph_optimize.improve.equalize import equalized
from small import computes, floats


def dense(
    g: Builder, x: object, weights: object, bias: object, act: str = "NONE", name: str = ""
) -> object:
    """Add a FULLY_CONNECTED of given weights."""
    w = g.constant(np.array(weights, np.float32))
    b = None if bias is None else g.constant(np.array(bias, np.float32))
    y = g.tensor((1, len(np.array(weights))), "float32", name)
    return g.op("FULLY_CONNECTED", [x, w, b], [y], fused_activation_function=act)


def weights(model: Model) -> list[np.ndarray]:
    return [op.inputs[1].data for op in model.subgraphs[0].ops if op.name != "ADD"]


def two(act: str = "RELU") -> Model:
    g = Builder()
    y = dense(g, g.input((1, 2), "float32", "x"), [[4, 2], [0.5, 1]], [8, 3], act, "y")
    return g.model([dense(g, y, [[1, 4]], None, name="z")])


@pytest.mark.parametrize("act", ["RELU", "NONE"])
def test_channels_are_divided_by_the_root_of_what_makes_and_what_reads_them(act: str) -> None:
    # r1 = (4, 1), r2 = (1, 4): s = (2, 1/2)
    model, count, _ = equalized(two(act), [])
    assert count == 1
    first, second = weights(model)
    np.testing.assert_allclose(first, [[2, 1], [1, 2]])
    np.testing.assert_allclose(second, [[2, 2]])
    np.testing.assert_allclose(model.subgraphs[0].ops[0].inputs[2].data, [4, 6])
    assert model.subgraphs[0].ops[0].outputs[0].name == "y_equalized"


def test_a_channel_that_is_as_good_as_dead_is_not_blown_up() -> None:
    g = Builder()
    y = dense(g, g.input((1, 2), "float32", "x"), [[4, 2], [1e-20, 1e-20]], [8, 3], name="y")
    model, _, _ = equalized(g.model([dense(g, y, [[1, 4]], None, name="z")]), [])
    np.testing.assert_allclose(model.subgraphs[0].ops[0].inputs[2].data, [4, 3000], rtol=1e-6)


class Chain:
    """Convolutions behind each other, drawn by a seed, whose channels are of very different size."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.g = Builder()
        self.size, self.channels = int(self.rng.integers(4, 8)), int(self.rng.choice([2, 4, 6]))
        self.shape = (1, self.size, self.size, self.channels)
        self.x = y = self.g.input(self.shape, "float32", "x")
        for place in range(int(self.rng.integers(2, 6))):
            if place and self.rng.random() < 0.5:
                y = passed(self.g, y, str(self.rng.choice(BETWEEN)))
                self.size = y.shape[1]
            y = self.layer(y)
        self.model = self.g.model([y])

    def values(self, *shape: int) -> np.ndarray:
        sizes = np.exp(self.rng.normal(size=shape[-1]) * 1.5)
        return (self.rng.normal(size=shape) * sizes).astype(np.float32)

    def layer(self, x: object) -> object:
        kind = self.rng.choice(["conv", "grouped", "depthwise", "dense"])
        act, kernel = str(self.rng.choice(["RELU", "NONE"])), int(self.rng.integers(1, 4))
        groups, times = (2 if kind == "grouped" else 1), int(self.rng.integers(1, 3))
        if kind == "depthwise":
            out, w = self.channels * times, self.values(1, kernel, kernel, self.channels * times)
        elif kind == "dense":
            out, w = 6, self.values(6, self.channels)
        else:
            out, w = 8, self.values(8, kernel, kernel, self.channels // groups)
        self.channels = out
        y = self.g.tensor((1, self.size, self.size, out), "float32")
        operands = [x, self.g.constant(w), self.g.constant(self.values(out))]
        if kind == "dense":
            return self.g.op(
                "FULLY_CONNECTED", operands, [y], fused_activation_function=act, keep_num_dims=True
            )
        name, more = ("DEPTHWISE_CONV_2D", {"depth_multiplier": times}) if kind == "depthwise" else (
            "CONV_2D", {}
        )  # fmt: skip
        return self.g.op(
            name,
            operands,
            [y],
            stride_w=1,
            stride_h=1,
            padding="SAME",
            fused_activation_function=act,
            **more,
        )


@pytest.mark.parametrize("seed", range(16))
def test_chains_compute_what_they_did(seed: int) -> None:
    chain = Chain(seed)
    x = floats(*chain.shape)
    found, count, _ = equalized(chain.model, [(None, {"x": x})] * (seed % 2))
    ops = [op for op in found.subgraphs[0].ops if op.name not in BETWEEN]
    assert count == len(ops) - 1
    (before,), (after,) = computes(chain.model, x=x), computes(found, x=x)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-5 * np.abs(before).max())
    for first, second in pairwise(ops):
        np.testing.assert_allclose(largest_made(first), largest_read(second), rtol=0.01)


@pytest.mark.parametrize("between", ["CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN"])
def test_a_bias_that_is_always_there_goes_to_the_next_op(between: str) -> None:
    """Channels from about 40 to 60 use a third of their range."""
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", "x")
    y = conv(g, x, floats(8, 1, 1, 3), np.full(8, 50, np.float32), "RELU")
    y = passed(g, y, between)
    model = g.model([conv(g, y, floats(2, 1, 1, 8), np.full(2, 7, np.float32), "NONE")])
    data = [floats(1, 4, 4, 3) for _ in range(16)]
    found, _, channels = equalized(model, [(None, {"x": x}) for x in data])
    assert channels == 8
    noise = []
    for x in data:
        np.testing.assert_allclose(computes(found, x=x)[0], computes(model, x=x)[0], rtol=1e-4, atol=1e-4)
    for wanted in (False, True):
        made = quantize(model, "int8", data=data, equalize=wanted, effort="fast").model
        off = [computes(made, x=x)[0] - computes(model, x=x)[0] for x in data]
        noise.append(float(np.square(off).sum()))
    assert noise[1] < 0.7 * noise[0]


@pytest.mark.parametrize("between", ["PAD", "SAME"])
def test_a_bias_that_padded_zeros_would_lack_stays(between: str) -> None:
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32", "x")
    y = conv(g, x, floats(8, 1, 1, 3), np.full(8, 50, np.float32), "RELU")
    kernel = (3, 3) if between == "SAME" else (1, 1)
    y = passed(g, y, between)
    model = g.model([conv(g, y, floats(2, *kernel, 8), np.full(2, 7, np.float32), "NONE")])
    x = floats(1, 4, 4, 3)
    found, count, channels = equalized(model, [(None, {"x": x})])
    assert (count, channels) == (1, 0)
    np.testing.assert_allclose(computes(found, x=x)[0], computes(model, x=x)[0], rtol=1e-4, atol=1e-4)


def test_a_pool_that_cuts_off_is_left() -> None:
    g = Builder()
    y = conv(g, g.input((1, 4, 4, 3), "float32", "x"), floats(8, 1, 1, 3), floats(8), "RELU")
    y = passed(g, y, "MAX_POOL_2D", "RELU6")
    left_alone(g.model([conv(g, y, floats(2, 1, 1, 8), floats(2), "NONE")]))


def test_a_mean_of_channels_is_left() -> None:
    g = Builder()
    y = conv(g, g.input((1, 4, 4, 3), "float32", "x"), floats(8, 1, 1, 3), floats(8), "RELU")
    axes = g.constant(np.array([-1], np.int32))
    y = g.op("MEAN", [y, axes], [g.tensor((1, 4, 4, 1), "float32")], keep_dims=True)
    left_alone(g.model([conv(g, y, floats(2, 1, 1, 1), floats(2), "NONE")]))


def conv(g: Builder, x: object, weights: np.ndarray, bias: np.ndarray, act: str) -> object:
    _, height, width, _ = x.shape
    y = g.tensor((1, height, width, len(weights)), "float32")
    return g.op(
        "CONV_2D", [x, g.constant(weights), g.constant(bias)], [y],
        stride_w=1, stride_h=1, padding="SAME", fused_activation_function=act,
    )  # fmt: skip


def passed(g: Builder, x: object, name: str, act: str = "NONE") -> object:
    """Add an op that treats every channel alike."""
    _, height, width, depth = x.shape
    if name.endswith("POOL_2D"):
        return g.op(
            name, [x], [g.tensor(x.shape, "float32")], stride_w=1, stride_h=1, filter_width=2,
            filter_height=2, padding="SAME", fused_activation_function=act,
        )  # fmt: skip
    if name == "MEAN":
        axes = g.constant(np.array([1, 2], np.int32))
        return g.op("MEAN", [x, axes], [g.tensor((1, 1, 1, depth), "float32")], keep_dims=True)
    if name == "PAD":
        pads = g.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        return g.op("PAD", [x, pads], [g.tensor((1, height + 2, width + 2, depth), "float32")])
    if name == "RESHAPE":
        shape = g.constant(np.array(x.shape, np.int32))
        return g.op("RESHAPE", [x, shape], [g.tensor(x.shape, "float32")])
    return x


BETWEEN = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", "RESHAPE")


def largest_made(op: object) -> np.ndarray:
    w = np.abs(op.inputs[1].data)
    return w.max(axis=(0, 1, 2)) if op.name == "DEPTHWISE_CONV_2D" else w.reshape(len(w), -1).max(axis=1)


def largest_read(op: object) -> np.ndarray:
    w, channels = np.abs(op.inputs[1].data), op.inputs[0].shape[-1]
    if op.name == "DEPTHWISE_CONV_2D":
        return w.reshape(-1, channels, w.shape[3] // channels).max(axis=(0, 2))
    groups = channels // w.shape[-1]
    return w.reshape(groups, -1, w.shape[-1]).max(axis=1).reshape(-1)


def read_twice(g: Builder, y: object) -> list[object]:
    z = dense(g, y, [[1, 4]], None)
    return [z, g.op("ADD", [y, y], [g.tensor((1, 2), "float32")])]


def both_operands(g: Builder, y: object) -> list[object]:
    """The product's input is its bias, too."""
    w = g.constant(np.array([[1, 4], [1, 1]], np.float32))
    return [g.op("FULLY_CONNECTED", [y, w, y], [g.tensor((1, 2), "float32")])]


def output_in_the_middle(g: Builder, y: object) -> list[object]:
    return [y, dense(g, y, [[1, 4]], None)]


def other_op(g: Builder, y: object) -> list[object]:
    return [g.op("LOGISTIC", [y], [g.tensor((1, 2), "float32")])]


def computed_weights(g: Builder, y: object) -> list[object]:
    w = g.input((1, 2), "float32", "w")
    return [g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 1), "float32")])]


@pytest.mark.parametrize(
    "then", [read_twice, both_operands, output_in_the_middle, other_op, computed_weights]
)
def test_a_channel_that_somebody_else_sees_is_left(then: object) -> None:
    g = Builder()
    y = dense(g, g.input((1, 2), "float32", "x"), [[4, 2], [0.5, 1]], [8, 3], "RELU", "y")
    left_alone(g.model(then(g, y)))


@pytest.mark.parametrize("act", ["RELU6", "RELU_N1_TO_1", "TANH", "SIGN_BIT"])
def test_an_activation_that_does_not_scale_is_left(act: str) -> None:
    left_alone(two(act))


def test_weights_that_two_ops_share_are_left() -> None:
    g = Builder()
    x, w = g.input((1, 2), "float32", "x"), g.constant(np.array([[4, 2], [0.5, 1]], np.float32))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 2), "float32")])
    left_alone(g.model([g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 2), "float32")])]))


def left_alone(model: Model) -> None:
    found, count, _ = equalized(model, [])
    assert count == 0
    for before, after in zip(model.subgraphs[0].tensors, found.subgraphs[0].tensors, strict=True):
        assert before.name == after.name
        if before.is_constant:
            np.testing.assert_array_equal(before.data, after.data)


def test_relu6_scales_a_channel_that_it_never_cuts_off() -> None:
    # On x = (1, 1): channels 3 and 9, of which the second is cut off.
    g = Builder()
    y = dense(g, g.input((1, 2), "float32", "x"), [[2, 1], [8, 1]], None, "RELU6", "y")
    model = g.model([dense(g, y, [[8, 2]], None, name="z")])
    x = np.ones((1, 2), np.float32)
    found, count, _ = equalized(model, [(None, {"x": x})])
    assert count == 1
    first, second = weights(found)
    s = 3 / 5.4  # the root, 1/2, would put 3 above nine tenths of 6
    np.testing.assert_allclose(first, [[2 / s, 1 / s], [8, 1]], rtol=1e-6)
    np.testing.assert_allclose(second, [[8 * s, 2]], rtol=1e-6)
    np.testing.assert_allclose(computes(found, x=x)[0], computes(model, x=x)[0], rtol=1e-6)


def test_a_calibration_is_of_the_model_as_it_was_equalized(tmp_path: Path) -> None:
    model, data = two(), [floats(1, 2) for _ in range(4)]
    made = quantize(model, "int8", data=data, equalize=True, bias_correction=False)
    assert "channels equalized: 1 pairs of ops" in made.report.notes
    path = tmp_path / "seen.npz"
    made.calibration.save(path)
    assert quantize(model, "int8", calibration=path, equalize=True).content == made.content
    with pytest.raises(InputError, match="made with equalized channels"):
        quantize(model, "int8", calibration=path, equalize=False)
    plain = quantize(model, "int8", data=data).calibration
    with pytest.raises(InputError, match="made without equalized channels"):
        quantize(model, "int8", calibration=plain, equalize=True)


def test_a_model_whose_channels_differ_by_much_is_saved() -> None:
    """Channels from 1/30 to 30 share a scale: of the small ones int8 keeps nothing."""
    g = Builder()
    sizes = np.geomspace(1 / 30, 30, 16)
    x, w, v = g.input((1, 32), "float32", "x"), floats(16, 32), floats(8, 16)
    y = dense(g, x, w * sizes[:, None], floats(16) * sizes, "RELU")
    model = g.model([dense(g, y, v / sizes, None, name="z")])
    data, others = ([floats(1, 32) for _ in range(n)] for n in (16, 8))
    noise = []
    for wanted in (False, True):
        made = quantize(model, "int8", data=data, equalize=wanted).model
        off = [computes(made, x=x)[0] - computes(model, x=x)[0] for x in others]
        noise.append(float(np.square(off).sum()))
    assert noise[1] < 0.05 * noise[0]
