"""Convolutions and matrix products: types are those of activations, weights and bias ("-": none)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from delegraph import DTYPES, Tensor, window

from ..draft import Draft, random_values
from ..recipe import Variants

ACTIVATIONS = ("float32", "float16", "bfloat16", "int8", "uint8", "int16", "int32")
WEIGHTS = ("float32", "float16", "bfloat16", "int8", "uint8", "int16", "int4", "uint4", "int2", "int32")
BIASES = ("float32", "int32", "int64", "-")
TRIPLES = [f"{x}:{w}:{b}" for x in ACTIVATIONS for w in WEIGHTS for b in BIASES]
PER_CHANNEL = [f"{t} per channel" for t in TRIPLES if t.split(":")[1] in ("int8", "int4", "int2")]


Pair = tuple[int, int]
ONE: Pair = (1, 1)
WINDOWS: Variants = {
    "same": {"padding": "SAME"},
    "strides": {"strides": (2, 3), "padding": "SAME"},
    "strides, valid": {"strides": (2, 2)},
    "dilated": {"dilations": (2, 1)},
    "dilated, same": {"dilations": (2, 3), "padding": "SAME"},
    "a batch of two": {"batch": 2},
    "a filter of one": {"filter": (1, 1)},
    "a filter of three": {"filter": (3, 3), "padding": "SAME"},
    "a filter as large as the image": {"filter": (5, 5)},
}
CLAMPS: Variants = {name: {"fused_activation_function": name} for name in ("RELU", "RELU6", "RELU_N1_TO_1")}
GROUPS: Variants = {"groups": {"groups": 2, "units": 6}, "groups of one": {"groups": 4, "units": 4}}
MULTIPLIERS: Variants = {
    "two of each": {"multiplier": 2},
    "of one channel": {"channels": 1, "multiplier": 6},
}


def conv_2d(
    d: Draft, x: str, w: str, b: str, groups: int = 1, units: int = 3, filter: Pair = (2, 2), **rest: Any
) -> None:
    operands = [_image(d, x, rest), *_weights(d, x, w, b, (units, *filter, 4 // groups))]
    y, options = _places(d, x, units, filter, 1.5, **rest)
    d.op(operands, [y], **options, **_bias_type(d, x, b))


def depthwise_conv_2d(
    d: Draft,
    x: str,
    w: str,
    b: str,
    channels: int = 4,
    multiplier: int = 1,
    filter: Pair = (2, 2),
    **rest: Any,
) -> None:
    units = channels * multiplier
    operands = [_image(d, x, rest, channels), *_weights(d, x, w, b, (1, *filter, units), 3)]
    y, options = _places(d, x, units, filter, 0.7, **rest)
    d.op(operands, [y], **options, depth_multiplier=multiplier)


def _image(d: Draft, x: str, rest: Mapping[str, Any], channels: int = 4) -> Tensor:
    return d.input((rest.get("batch", 1), 5, 5, channels), x, **_stored(d, x))


def _places(
    d: Draft,
    x: str,
    units: int,
    filter: Pair,
    scale: float,
    batch: int = 1,
    strides: Pair = ONE,
    dilations: Pair = ONE,
    padding: str = "VALID",
    **options: Any,
) -> tuple[Tensor, dict[str, Any]]:
    """Return the output of a convolution of an image of 5 × 5, and the op's options."""
    sizes = zip((5, 5), filter, strides, dilations, strict=True)
    places = [window(n, f, s, k, padding).output for n, f, s, k in sizes]
    given = {"stride_h": strides[0], "stride_w": strides[1], "padding": padding}
    given |= {"dilation_h_factor": dilations[0], "dilation_w_factor": dilations[1]}
    return d.output((batch, *places, units), x, **_stored(d, x, scale)), given | options


def transpose_conv(
    d: Draft,
    x: str,
    w: str,
    b: str,
    batch: int = 1,
    filter: Pair = (2, 2),
    strides: Pair = ONE,
    padding: str = "VALID",
    **options: Any,
) -> None:
    """An image of 4 × 4 becomes a larger one."""
    sizes = zip(filter, strides, strict=True)
    places = [4 * s if padding == "SAME" else 3 * s + f for f, s in sizes]
    shape, image = d.index([batch, *places, 3]), d.input((batch, 4, 4, 4), x, **_stored(d, x))
    weights, *bias = _weights(d, x, w, b, (3, *filter, 4))
    given = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1], **_bias_type(d, x, b)}
    y = d.output((batch, *places, 3), x, **_stored(d, x, 1.5))
    d.op([shape, weights, image, *bias], [y], **given, **options)


TRANSPOSED: Variants = {
    "same": {"padding": "SAME"},
    "strides": {"strides": (2, 2), "padding": "SAME", "filter": (3, 3)},
    "strides, valid": {"strides": (2, 3), "filter": (3, 2)},
    "strides wider than the filter": {"strides": (3, 3)},
    "a batch of two": {"batch": 2},
}


def fully_connected(
    d: Draft, x: str, w: str, b: str, shape: tuple[int, ...] = (2, 16), keep: bool = False, **options: Any
) -> None:
    vector, operands = d.input(shape, x, **_stored(d, x)), _weights(d, x, w, b, (4, 16))
    new = (*shape[:-1], 4) if keep else (math.prod(shape) // 16, 4)
    y = d.output(new, x, **_stored(d, x, 1.5))
    d.op([vector, *operands], [y], keep_num_dims=keep, **_bias_type(d, x, b), **options)


PRODUCTS_OF_ROWS: Variants = {
    "one row": {"shape": (1, 16)},
    "rank 3": {"shape": (2, 3, 16)},
    "rank 3 stays": {"shape": (2, 3, 16), "keep": True},
    "an image": {"shape": (2, 2, 2, 4)},
}


def conv_3d(
    d: Draft,
    x: str,
    w: str,
    b: str,
    batch: int = 1,
    stride: int = 1,
    padding: str = "VALID",
    **options: Any,
) -> None:
    volume = d.input((batch, 4, 4, 4, 2), x, **_stored(d, x))
    operands = _weights(d, x, w, b, (2, 2, 2, 2, 3), 4)
    given = {"padding": padding, "stride_d": stride, "stride_w": stride, "stride_h": stride}
    n = window(4, 2, stride, 1, padding).output
    d.op([volume, *operands], [d.output((batch, n, n, n, 3), x, **_stored(d, x, 1.5))], **given, **options)


def conv_3d_transpose(
    d: Draft,
    x: str,
    w: str,
    b: str,
    batch: int = 1,
    stride: int = 1,
    padding: str = "VALID",
    **options: Any,
) -> None:
    n = 3 * stride if padding == "SAME" else 2 * stride + 2
    shape, volume = d.index([batch, n, n, n, 3]), d.input((batch, 3, 3, 3, 2), x, **_stored(d, x))
    weights, *bias = _weights(d, x, w, b, (2, 2, 2, 3, 2), 3)
    given = {"padding": padding, "stride_d": stride, "stride_w": stride, "stride_h": stride}
    y = d.output((batch, n, n, n, 3), x, **_stored(d, x, 1.5))
    d.op([shape, weights, volume, *bias], [y], **given, **options)


VOLUMES: Variants = {
    "same": {"padding": "SAME"},
    "strides": {"stride": 2, "padding": "SAME"},
    "strides, valid": {"stride": 2},
    "a batch of two": {"batch": 2},
    "RELU": {"fused_activation_function": "RELU"},
}


PRODUCTS = (*ACTIVATIONS, "int64", "float64")


def batch_matmul(
    d: Draft,
    x: str,
    y: str,
    out: str,
    batches: tuple[tuple[int, ...], tuple[int, ...]] = ((2,), (2,)),
    adj_x: bool = False,
    adj_y: bool = False,
    constant: bool = False,
) -> None:
    plain = x == "int8" and out == "int32"  # sums of stored values
    a = d.input((*batches[0], *((8, 3) if adj_x else (3, 8))), x, **_stored(d, x, symmetric=plain))
    shape = (*batches[1], *((4, 8) if adj_y else (8, 4)))
    if constant or (y != x and x == "float32"):
        b = d.constant(random_values(y, shape, seed=9), y, **_stored(d, y, 0.02, symmetric=True))
    else:
        b = d.input(shape, y, **_stored(d, y, 0.02, symmetric=plain or x == "int16"))
    stored = {"scale": 0.001, "zero_point": 0} if plain else _stored(d, out, 1.5)
    new = (*np.broadcast_shapes(*batches), 3, 4)
    d.op([a, b], [d.output(new, out, **stored)], adj_x=adj_x, adj_y=adj_y)


MATRICES: Variants = {
    "the first transposed": {"adj_x": True},
    "the second transposed": {"adj_y": True},
    "both transposed": {"adj_x": True, "adj_y": True},
    "matrices": {"batches": ((), ())},
    "one matrix for all": {"batches": ((2,), ())},
    "batches that broadcast": {"batches": ((2, 1), (1, 3))},
    "a constant": {"constant": True},
    "a constant transposed": {"constant": True, "adj_y": True},
}


def _weights(d: Draft, x: str, w: str, b: str, shape: tuple[int, ...], axis: int = 0) -> list[Tensor]:
    """Return constants for weights and bias, if there is one."""
    b, _, many = b.partition(" ")
    count = shape[axis]
    scales = np.linspace(0.01, 0.03, count) if many else np.full(1, 0.02)
    is_float = w in ("float32", "float16", "bfloat16")
    low, high = (-1.0, 1.0) if is_float else (None, None)
    if w in ("int8", "int4"):  # the least value has no mirror image, which hybrid kernels need
        low, high = -(1 << DTYPES[w].bits - 1) + 1, (1 << DTYPES[w].bits - 1) - 1
    values = random_values(w, shape, seed=11, low=low, high=high)
    point = 128 if w == "uint8" and x == "uint8" else 0
    stored = {} if is_float else {"scale": scales, "zero_point": [point] * len(scales), "axis": axis}
    weights = d.constant(values, w, **stored)
    if b == "-":
        return [weights]
    plain = random_values(b, (count,), seed=12, low=-20000, high=20000)
    if b == "float32":
        return [weights, d.constant(np.clip(plain, -1, 1), b)]
    x_scale = _stored(d, x).get("scale", 1.0)
    points = np.zeros(len(scales), int)
    return [weights, d.constant(plain, b, scale=scales * x_scale, zero_point=points, axis=0)]


def _stored(d: Draft, dtype: str, scale: float = 0.05, symmetric: bool = False) -> dict[str, Any]:
    if dtype not in ("int8", "uint8", "int16"):
        return {}
    if dtype == "int16":
        return {"scale": scale / 100, "zero_point": 0}
    return {"scale": scale, "zero_point": 0 if symmetric else d.points[dtype]}


def _bias_type(d: Draft, x: str, b: str) -> dict[str, Any]:
    """Say the bias's type where a version of the op is about that."""
    b = b.partition(" ")[0]
    asked = {"CONV_2D": 8, "FULLY_CONNECTED": 11, "TRANSPOSE_CONV": 5}[d.name]
    return {"quantized_bias_type": b.upper()} if x == "int16" and b != "-" and d.version >= asked else {}
