"""Models of one op with weights, in every kind of types: for tests of convolutions and matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from delegraph.model import Builder, Model, Tensor
from delegraph_conformance.random_values import integer_limits, random_array
from hypothesis import strategies as st
from numpy.random import PCG64
from strategies import SEEDS


@frozen
class Kind:
    """The types of activations, weights and bias, and whether the weights may have a scale per channel."""

    x: str
    weights: str
    bias: str
    per_channel: bool = False

    @property
    def is_quantized(self) -> bool:
        return self.x != "float32"


KINDS = {
    "float32": Kind("float32", "float32", "float32"),
    "uint8": Kind("uint8", "uint8", "int32"),
    "int8": Kind("int8", "int8", "int32", per_channel=True),
    "int8 x int4": Kind("int8", "int4", "int32", per_channel=True),
    "int8 x int2": Kind("int8", "int2", "int32", per_channel=True),
    "float32 x int8": Kind("float32", "int8", "float32", per_channel=True),
    "float32 x uint8": Kind("float32", "uint8", "float32"),
    "float32 x int4": Kind("float32", "int4", "float32", per_channel=True),
    "float32 x int2": Kind("float32", "int2", "float32", per_channel=True),
    "int16": Kind("int16", "int8", "int64", per_channel=True),
    "int16 with int32 bias": Kind("int16", "int8", "int32", per_channel=True),
    "int16 x int4": Kind("int16", "int4", "int64", per_channel=True),
    "int16 x int4 with int32 bias": Kind("int16", "int4", "int32", per_channel=True),
    "int16 x int2": Kind("int16", "int2", "int64", per_channel=True),
    "int16 x int2 with int32 bias": Kind("int16", "int2", "int32", per_channel=True),
    "int16 x int16": Kind("int16", "int16", "int64", per_channel=True),
    "int16 x int16 with int32 bias": Kind("int16", "int16", "int32", per_channel=True),
}


@frozen
class Draw:
    """What varies from case to case: seed, scales and which operands are constants."""

    seed: int
    per_channel: bool
    computed: bool  # weights and bias are inputs of the model, too
    spread: float  # of the outputs over their type: 1 fills it, more saturates
    zero_points: tuple[int, int, int]  # of x, weights and output, as offsets from the middle of uint8
    bias: float  # size of the bias, 1 as large as the sums


DRAWS = st.builds(
    Draw,
    seed=SEEDS,
    per_channel=st.booleans(),
    computed=st.booleans(),
    spread=st.sampled_from([1e-4, 0.05, 0.5, 1.0, 1.0, 2.0, 20.0, 3e3]),
    zero_points=st.tuples(*[st.sampled_from([0, 0, -128, 127, 5, -77])] * 3),
    bias=st.sampled_from([0.0, 0.1, 1.0, 30.0]),
)


def weighted_model(
    op: str,
    kind: Kind,
    draw: Draw,
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    *,
    channel_axis: int = 0,
    has_bias: bool = True,
    sparse_channels: bool = True,
    cancelling: bool = False,
    leading: np.ndarray | None = None,
    **options: Any,
) -> tuple[Model, list[np.ndarray]]:
    """Return a model of one op and its inputs.

    :param channel_axis: of the weights, along which the scales per channel lie
    :param sparse_channels: some channels have no weights, or a scale that is far smaller than the others
    :param cancelling: float sums have terms of both signs, so that small ones lose digits; without it a
        filter and its bias have one sign, and x is positive
    :param leading: an input before the others: the output's shape of a transposed convolution
    """
    g = Builder()
    channels = w_shape[channel_axis]
    many = draw.per_channel and kind.per_channel and channels > 1
    x_scale, w_scales = 0.037, _weight_scales(draw, channels if many else 1, sparse_channels)
    depth = int(np.prod(w_shape)) // max(channels, 1)
    weights = _weights(kind, w_shape, depth, draw.seed + 1)
    one_sign = kind.weights == "float32" and not cancelling
    signs = np.where(np.arange(channels) % 3 == 1, -1, 1)
    if one_sign:
        weights = np.moveaxis(np.abs(np.moveaxis(weights, channel_axis, -1)) * signs, -1, channel_axis)
        weights = weights.astype(np.float32)
    if kind.weights in ("int8", "float32") and sparse_channels and channels > 1:
        weights = np.moveaxis(weights, channel_axis, 0).copy()
        weights[draw.seed % channels] = 0
        weights = np.moveaxis(weights, 0, channel_axis)
    sums = _sum_size(kind, depth)
    steps = 25000 if kind.x == "int16" else 100
    out_scale = max(float(x_scale * w_scales.max() * sums / steps / draw.spread), 1e-30)
    x_zp, w_zp, out_zp = (_zero_point(kind.x, z) for z in draw.zero_points)
    stored = {"scale": x_scale, "zero_point": x_zp} if kind.is_quantized else {}
    x = g.input(x_shape, kind.x, **stored)
    low, high = (None, None) if kind.is_quantized else (0.1 if one_sign else -1.0, 1.0)
    arrays = [random_array(kind.x, x_shape, draw.seed, low, high, zero_point=x_zp)]
    operands: list[Tensor | None] = [] if leading is None else [g.constant(leading)]
    scale = {}
    if kind.weights != "float32":
        points = w_zp if kind.weights == "uint8" and kind.x == "uint8" else 0
        scale = {"scale": w_scales, "zero_point": [points] * len(w_scales), "axis": channel_axis}
    given = [(weights, kind.weights, scale)]
    if has_bias:
        bias, *rest = _bias(kind, draw, channels, sums, x_scale * w_scales)
        given.append((np.abs(bias) * signs.astype(bias.dtype) if one_sign else bias, *rest))
    made = []
    for values, dtype, quantization in given:
        if draw.computed and dtype not in ("int4", "int2"):
            made.append(g.input(values.shape, dtype, **quantization))
            arrays.append(values)
        else:
            made.append(g.constant(values, dtype, **quantization))
    operands += [made[0], x, *made[1:]] if leading is not None else [x, *made]
    out = {"scale": out_scale, "zero_point": out_zp} if kind.is_quantized else {}
    g.op(op, operands, [g.tensor(out_shape, kind.x, **out)], **options)
    return g.model(), arrays


def fully_connected_of_zeros(dtype: str, rows: int, **options: Any) -> tuple[Model, list[np.ndarray]]:
    """Return float32 zeros of either sign times integer weights, plus a bias with -0.0 in it."""
    g = Builder()
    x, weights = g.input((rows, 40), "float32"), random_array("int8", (6, 40), 3, -7, 7)
    w = g.constant(weights.view(np.uint8) if dtype == "uint8" else weights, dtype, scale=0.1, zero_point=0)
    bias = g.constant(np.float32([0, -0.0, 1, -1, -0.0, 7]))
    g.op("FULLY_CONNECTED", [x, w, bias], [g.tensor((rows, 6), "float32")], version=9, **options)
    zeros = np.copysign(np.float32(0), random_array("float32", x.shape, 4, -1, 1))
    return g.model(), [zeros]


def _weights(kind: Kind, shape: tuple[int, ...], depth: int, seed: int) -> np.ndarray:
    if kind.weights == "float32":
        size = 4 / np.sqrt(max(depth, 1))  # sums of a few units
        return random_array("float32", shape, seed, -size, size)
    if kind.x == "float32" and kind.weights in ("int8", "uint8"):
        # -128, which symmetric weights do not have, overflows in LiteRT's vector code for x86.
        values = random_array("int8", shape, seed, -127, 127)
        return values.view(np.uint8) if kind.weights == "uint8" else values
    return random_array(kind.weights, shape, seed)


def _weight_scales(draw: Draw, n: int, sparse: bool) -> np.ndarray:
    bits = PCG64(draw.seed + 7).random_raw(n)
    scales = 0.01 * 2.0 ** ((bits % np.uint64(64)).astype(np.float64) / 16 - 2)
    if sparse and n > 1:
        scales[(draw.seed + 1) % n] *= 1e-7
    return scales.astype(np.float32)


def _sum_size(kind: Kind, depth: int) -> float:
    if not kind.is_quantized:
        return 1.0
    low, high = integer_limits(kind.weights)
    return float(np.sqrt(max(depth, 1)) * (18000 if kind.x == "int16" else 70) * (high - low) / 3.5)


def _zero_point(dtype: str, offset: int) -> int:
    if dtype in ("float32", "int16"):
        return 0
    return offset if dtype == "int8" else offset + 128


def _bias(
    kind: Kind, draw: Draw, channels: int, sums: float, scales: np.ndarray
) -> tuple[np.ndarray, str, dict[str, Any]]:
    values = random_array("float64", (channels,), draw.seed + 3, -draw.bias, draw.bias)
    if kind.bias == "float32":
        return values.astype(np.float32), "float32", {}
    size = min(sums, 2.0**29 / max(draw.bias, 1.0))
    stored = {"scale": scales, "zero_point": np.zeros(len(scales), int)}
    return np.rint(values * size).astype(kind.bias), kind.bias, stored


def convolved64(
    x: np.ndarray, filters: np.ndarray, bias: np.ndarray | None, op: Any, out_shape: tuple[int, ...]
) -> np.ndarray:
    """Return a convolution in float64, tap by tap. filters: (height, width, in, out)."""
    o = op.options
    dh, dw = o.get("dilation_h_factor", 1), o.get("dilation_w_factor", 1)
    high, wide = ((n - 1) * d + 1 for n, d in zip(filters.shape[:2], (dh, dw), strict=True))
    rows, columns = out_shape[1:3]
    spare = [
        max((n - 1) * s + reach - size, 0) if o.padding == "SAME" else 0
        for n, s, reach, size in zip(
            (rows, columns), (o.stride_h, o.stride_w), (high, wide), x.shape[1:3], strict=True
        )
    ]
    pads = [(0, 0), *((n // 2, n - n // 2) for n in spare), (0, 0)]
    padded = np.pad(x.astype(np.float64), pads)
    total = np.zeros(out_shape)
    for i in range(filters.shape[0]):
        for j in range(filters.shape[1]):
            tap = padded[:, i * dh :, j * dw :][:, :: o.stride_h, :: o.stride_w][:, :rows, :columns]
            total += tap @ filters[i, j].astype(np.float64)
    total += 0 if bias is None else bias
    return _activated(total, o.fused_activation_function)


def _activated(x: np.ndarray, name: str) -> np.ndarray:
    low, high = {"RELU": (0, np.inf), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}.get(name, (-np.inf, np.inf))
    return np.clip(x, low, high)
