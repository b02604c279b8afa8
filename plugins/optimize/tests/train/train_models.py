"""Small models of floats to train."""

from __future__ import annotations

import numpy as np
from delegraph import Builder, Model, Tensor


def _weights(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def convolutional(classes: int = 4, seed: int = 0) -> Model:
    """CONV_2D, DEPTHWISE_CONV_2D, a mean and classes; images of 8×8×3."""
    rng, g = np.random.default_rng(seed), Builder()
    x = g.input((1, 8, 8, 3), "float32", "image")
    same = {"padding": "SAME", "fused_activation_function": "RELU"}
    w, b = _pair(g, rng, "conv", 8, 3, 3, 3)
    y = g.tensor((1, 4, 4, 8), "float32", "conv")
    y = g.op("CONV_2D", [x, w, b], [y], stride_h=2, stride_w=2, **same)
    w, b = _pair(g, rng, "depth", 1, 3, 3, 8)
    once = {"stride_h": 1, "stride_w": 1, "depth_multiplier": 1}
    y = g.op("DEPTHWISE_CONV_2D", [y, w, b], [g.tensor((1, 4, 4, 8), "float32", "depth")], **once, **same)
    axes = g.constant(np.array([1, 2], np.int32))
    y = g.op("MEAN", [y, axes], [g.tensor((1, 8), "float32", "mean")])
    w, b = _pair(g, rng, "dense", classes, 8)
    y = g.op("FULLY_CONNECTED", [y, w, b], [g.tensor((1, classes), "float32", "logits")])
    return g.model([g.op("SOFTMAX", [y], [g.tensor((1, classes), "float32", "classes")], beta=1.0)])


def _pair(g: Builder, rng: np.random.Generator, name: str, *shape: int) -> tuple[Tensor, Tensor]:
    units = shape[-1] if shape[0] == 1 else shape[0]
    kernel = g.constant(_weights(rng, *shape), name=f"{name}/kernel")
    return kernel, g.constant(_weights(rng, units), name=f"{name}/bias")


def concatenated(seed: int = 1) -> Model:
    """Two convolutions whose outputs are joined, pooled, reshaped and multiplied; images of 6×6×2."""
    rng, g = np.random.default_rng(seed), Builder()
    x = g.input((1, 6, 6, 2), "float32", "x")
    parts = []
    for size in (1, 3):
        w = g.constant(_weights(rng, 4, size, size, 2), name=f"w{size}")
        b = g.constant(_weights(rng, 4), name=f"b{size}")
        y = g.tensor((1, 6, 6, 4), "float32", f"y{size}")
        parts.append(g.op("CONV_2D", [x, w, b], [y], stride_h=1, stride_w=1, padding="SAME"))
    y = g.op("CONCATENATION", parts, [g.tensor((1, 6, 6, 8), "float32", "joined")], axis=3)
    pool = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
    y = g.op("MAX_POOL_2D", [y], [g.tensor((1, 3, 3, 8), "float32", "pooled")], **pool)
    y = g.op(
        "RESHAPE", [y, g.constant(np.array([1, 72], np.int32))], [g.tensor((1, 72), "float32", "flat")]
    )
    w, b = g.constant(_weights(rng, 3, 72), name="w"), g.constant(_weights(rng, 3), name="b")
    return g.model([g.op("FULLY_CONNECTED", [y, w, b], [g.tensor((1, 3), "float32", "z")])])


def sequence(seed: int = 2) -> Model:
    """An LSTM of 5 units over 4 steps of 6 values, and a product."""
    rng, g = np.random.default_rng(seed), Builder()
    x = g.input((1, 4, 6), "float32", "x")
    weights = [g.constant(_weights(rng, 5, n)) for n in (6, 6, 6, 6, 5, 5, 5, 5)]
    biases = [g.constant(_weights(rng, 5)) for _ in range(4)]
    state = [g.variable((1, 5), "float32") for _ in range(2)]
    inputs = [x, *weights, *[None] * 3, *biases, None, None, *state, *[None] * 4]
    y = g.tensor((1, 4, 5), "float32", "y")
    g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], fused_activation_function="TANH", cell_clip=10.0)
    w, b = g.constant(_weights(rng, 3, 20), name="w"), g.constant(_weights(rng, 3), name="b")
    y = g.op(
        "RESHAPE", [y, g.constant(np.array([1, 20], np.int32))], [g.tensor((1, 20), "float32", "flat")]
    )
    return g.model([g.op("FULLY_CONNECTED", [y, w, b], [g.tensor((1, 3), "float32", "z")])])


def normalized(seed: int = 3) -> Model:
    """A CONV_2D and a DEPTHWISE_CONV_2D, each with MUL, ADD and RELU behind, a mean; images of 8×8×3."""
    rng, g = np.random.default_rng(seed), Builder()
    y = g.input((1, 8, 8, 3), "float32", "image")
    for name, shape in (("CONV_2D", (8, 3, 3, 3)), ("DEPTHWISE_CONV_2D", (1, 3, 3, 8))):
        w, b = _pair(g, rng, name, *shape)
        more = {"depth_multiplier": 1} if name != "CONV_2D" else {}
        made = g.tensor((1, 8, 8, 8), "float32")
        y = g.op(name, [y, w, b], [made], padding="SAME", stride_h=1, stride_w=1, **more)
        for op in ("MUL", "ADD"):
            factor = g.constant(rng.uniform(0.5, 1.5, 8).astype(np.float32), name=f"{name}/{op}")
            y = g.op(op, [y, factor], [g.tensor((1, 8, 8, 8), "float32")])
        y = g.op("RELU", [y], [g.tensor((1, 8, 8, 8), "float32")])
    axes = g.constant(np.array([1, 2], np.int32))
    return g.model([g.op("MEAN", [y, axes], [g.tensor((1, 8), "float32", "mean")])])
