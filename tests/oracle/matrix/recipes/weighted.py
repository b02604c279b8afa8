"""Convolutions and matrix products: types are those of activations, weights and bias ("-": none)."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import DTYPES, Tensor

from ..draft import Draft, random_values
from ..recipe import recipe

ACTIVATIONS = ("float32", "float16", "bfloat16", "int8", "uint8", "int16", "int32")
WEIGHTS = ("float32", "float16", "bfloat16", "int8", "uint8", "int16", "int4", "uint4", "int2", "int32")
BIASES = ("float32", "int32", "int64", "-")
TRIPLES = [f"{x}:{w}:{b}" for x in ACTIVATIONS for w in WEIGHTS for b in BIASES]
PER_CHANNEL = [f"{t} per channel" for t in TRIPLES if t.split(":")[1] in ("int8", "int4", "int2")]


@recipe("CONV_2D", TRIPLES + PER_CHANNEL)
def conv_2d(d: Draft, x: str, w: str, b: str) -> None:
    image, operands = d.input((1, 5, 5, 4), x, **_stored(x)), _weights(d, x, w, b, (3, 2, 2, 4))
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1, **_bias_type(d, x, b)}
    d.op([image, *operands], [d.output((1, 4, 4, 3), x, **_stored(x, 1.5))], **options)


@recipe("DEPTHWISE_CONV_2D", TRIPLES + PER_CHANNEL)
def depthwise_conv_2d(d: Draft, x: str, w: str, b: str) -> None:
    image, operands = d.input((1, 5, 5, 4), x, **_stored(x)), _weights(d, x, w, b, (1, 2, 2, 4), 3)
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "depth_multiplier": 1}
    d.op([image, *operands], [d.output((1, 4, 4, 4), x, **_stored(x, 0.7))], **options)


@recipe("TRANSPOSE_CONV", TRIPLES + PER_CHANNEL)
def transpose_conv(d: Draft, x: str, w: str, b: str) -> None:
    shape, image = d.index([1, 5, 5, 3]), d.input((1, 4, 4, 4), x, **_stored(x))
    weights, *bias = _weights(d, x, w, b, (3, 2, 2, 4))
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1, **_bias_type(d, x, b)}
    operands = [shape, weights, image, *bias]
    d.op(operands, [d.output((1, 5, 5, 3), x, **_stored(x, 1.5))], **options)


@recipe("FULLY_CONNECTED", TRIPLES + PER_CHANNEL)
def fully_connected(d: Draft, x: str, w: str, b: str) -> None:
    vector, operands = d.input((2, 16), x, **_stored(x)), _weights(d, x, w, b, (4, 16))
    d.op([vector, *operands], [d.output((2, 4), x, **_stored(x, 1.5))], **_bias_type(d, x, b))


@recipe("CONV_3D", [f"{x}:{w}:{b}" for x in ACTIVATIONS for w in WEIGHTS for b in ("float32", "-")])
def conv_3d(d: Draft, x: str, w: str, b: str) -> None:
    volume, operands = d.input((1, 4, 4, 4, 2), x, **_stored(x)), _weights(d, x, w, b, (2, 2, 2, 2, 3), 4)
    options = {"padding": "VALID", "stride_d": 1, "stride_w": 1, "stride_h": 1}
    d.op([volume, *operands], [d.output((1, 3, 3, 3, 3), x, **_stored(x, 1.5))], **options)


@recipe(
    "CONV_3D_TRANSPOSE", [f"{x}:{w}:{b}" for x in ACTIVATIONS for w in WEIGHTS for b in ("float32", "-")]
)
def conv_3d_transpose(d: Draft, x: str, w: str, b: str) -> None:
    shape, volume = d.index([1, 4, 4, 4, 3]), d.input((1, 3, 3, 3, 2), x, **_stored(x))
    weights, *bias = _weights(d, x, w, b, (2, 2, 2, 3, 2), 3)
    options = {"padding": "VALID", "stride_d": 1, "stride_w": 1, "stride_h": 1}
    d.op([shape, weights, volume, *bias], [d.output((1, 4, 4, 4, 3), x, **_stored(x, 1.5))], **options)


PRODUCTS = (*ACTIVATIONS, "int64", "float64")


@recipe(
    "BATCH_MATMUL",
    [f"{x}:{y}:{x}" for x in PRODUCTS for y in PRODUCTS] + ["int8:int8:int32"],
)
def batch_matmul(d: Draft, x: str, y: str, out: str) -> None:
    plain = x == "int8" and out == "int32"  # sums of stored values
    a = d.input((2, 3, 8), x, **_stored(x, symmetric=plain))
    constant = y != x and x == "float32"
    if constant:
        b = d.constant(random_values(y, (2, 8, 4), seed=9), y, **_stored(y, 0.02, symmetric=True))
    else:
        b = d.input((2, 8, 4), y, **_stored(y, 0.02, symmetric=plain or x == "int16"))
    stored = {"scale": 0.001, "zero_point": 0} if plain else _stored(out, 1.5)
    d.op([a, b], [d.output((2, 3, 4), out, **stored)])


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
    x_scale = _stored(x).get("scale", 1.0)
    points = np.zeros(len(scales), int)
    return [weights, d.constant(plain, b, scale=scales * x_scale, zero_point=points, axis=0)]


def _stored(dtype: str, scale: float = 0.05, symmetric: bool = False) -> dict[str, Any]:
    if dtype not in ("int8", "uint8", "int16"):
        return {}
    if dtype == "int16":
        return {"scale": scale / 100, "zero_point": 0}
    return {"scale": scale, "zero_point": 0 if symmetric else {"int8": 3, "uint8": 131}[dtype]}


def _bias_type(d: Draft, x: str, b: str) -> dict[str, Any]:
    """Say the bias's type where a version of the op is about that."""
    b = b.partition(" ")[0]
    asked = {"CONV_2D": 8, "FULLY_CONNECTED": 11, "TRANSPOSE_CONV": 5}[d.name]
    return {"quantized_bias_type": b.upper()} if x == "int16" and b != "-" and d.version >= asked else {}
