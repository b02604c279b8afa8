"""Ops that compute each value of the output from the values in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from delegraph import Tensor

from ..draft import IN_BLOCKS, Draft, random_values
from ..recipe import Variants

SHAPE = (2, 3, 4)
POSITIVE = {"LOG", "SQRT", "RSQRT"}
SMALL = {"EXP": 3, "POW": 3}
SHAPES: Variants = {
    "rank 0": {"shape": ()},
    "rank 1": {"shape": (7,)},
    "rank 5": {"shape": (2, 1, 2, 3, 2)},
    "size zero": {"shape": (2, 0, 3)},
}
ROWS: Variants = {k: v for k, v in SHAPES.items() if k != "rank 0"}
BROADCASTS: Variants = {
    "a row": {"shapes": ((2, 3, 4), (4,))},
    "a column first": {"shapes": ((2, 3, 1), (2, 3, 4))},
    "both ways": {"shapes": ((2, 1, 4), (3, 1))},
    "a scalar": {"shapes": ((2, 3, 4), ())},
    "rank 0": {"shapes": ((), ())},
    "rank 5": {"shapes": ((1, 2, 1, 3, 2), (2, 1, 2, 3, 1))},
    "size zero": {"shapes": ((2, 0, 3), (3,))},
}
CONSTANT: Variants = {
    "a constant": {"constant": True},
    "a constant row": {"constant": True, "shapes": ((2, 3, 4), (4,))},
}
CLAMPS = {name: {"fused_activation_function": name} for name in ("RELU", "RELU6", "RELU_N1_TO_1")}
ALPHAS: Variants = {
    "one slope": {"shapes": ((2, 3, 4), (1, 1, 1))},
    "an image": {"shapes": ((2, 3, 3, 2), (1, 1, 2))},
    "a slope for each": {"shapes": ((2, 3, 4), (2, 3, 4))},
}
Shapes = Sequence[tuple[int, ...]]
# Outputs that the kernels ask for by scale and zero point.
UNIT = {"LOGISTIC": 1 / 256, "SOFTMAX": 1 / 256, "TANH": 1 / 128, "L2_NORMALIZATION": 1 / 128}
SYMMETRIC = {"TANH", "L2_NORMALIZATION"}


def unary(d: Draft, t: str, shape: tuple[int, ...] = SHAPE, **options: Any) -> None:
    limits: dict[str, float] = {"low": 0.1, "high": 9} if d.name in POSITIVE else {}
    if d.name in SMALL:
        limits = {"low": -3, "high": 3}
    points = {"int8": -128, "uint8": 0} if d.name in POSITIVE else {}
    if points and t in points:
        limits = {"low": points[t] + 1}
    x = d.input(shape, t, **limits, **d.stored(t, zero_point=points.get(t)))
    d.op([x], [d.output(shape, t, **output_of(d, t))], **options)


def softmax(d: Draft, t: str, out: str = "", shape: tuple[int, ...] = SHAPE, beta: float = 1.0) -> None:
    x = d.input(shape, t, **d.stored(t))
    wide = {"scale": 1 / 65536, "zero_point": -32768}
    d.op([x], [d.output(shape, out or t, **(wide if out else output_of(d, t)))], beta=beta)


def log_softmax(d: Draft, t: str, shape: tuple[int, ...] = SHAPE) -> None:
    points = {"int8": 127, "uint8": 255}
    x = d.input(shape, t, **d.stored(t))
    d.op([x], [d.output(shape, t, **d.stored(t, 16 / 256, points.get(t)))])


def leaky_relu(d: Draft, t: str, shape: tuple[int, ...] = SHAPE, alpha: float = 0.3) -> None:
    unary(d, t, shape, alpha=alpha)


def local_response_normalization(
    d: Draft, t: str, batch: int = 1, radius: int = 2, beta: float = 0.7
) -> None:
    shape = (batch, 2, 3, 8)
    x = d.input(shape, t, **d.stored(t))
    d.op([x], [d.output(shape, t, **d.stored(t))], radius=radius, bias=1.0, alpha=0.5, beta=beta)


def fake_quant(d: Draft, t: str, shape: tuple[int, ...] = SHAPE, num_bits: int = 8) -> None:
    unary(d, t, shape, min=-6.0, max=6.0, num_bits=num_bits)


def part(d: Draft, t: str, out: str = "float32", shape: tuple[int, ...] = SHAPE) -> None:
    d.op([d.input(shape, t)], [d.output(shape, out)])


def binary(
    d: Draft, t: str, shapes: Shapes = (SHAPE, SHAPE), constant: bool = False, **options: Any
) -> None:
    divides = d.name in ("DIV", "FLOOR_DIV", "FLOOR_MOD")
    extremum = d.name in ("MAXIMUM", "MINIMUM")
    first: dict[str, float] = {"low": 0, "high": 5} if d.name == "POW" else {}
    second: dict[str, float] = first or ({"low": 4, "high": 100} if divides else {})
    x = d.input(shapes[0], t, **first, **d.stored(t))
    y = _second(d, shapes[1], t, constant, **second, **d.stored(t, 0.05 if extremum else 0.03))
    scale = {"MUL": 0.3, "DIV": 0.2, "SQUARED_DIFFERENCE": 0.4}.get(d.name, 0.05 if extremum else 0.1)
    d.op([x, y], [d.output(np.broadcast_shapes(*shapes), t, **d.stored(t, scale))], **options)


def _second(
    d: Draft, shape: tuple[int, ...], t: str, constant: bool, low: float | None = None, **rest: Any
) -> Tensor:
    """Return the second operand, a constant or not; ``low`` and ``high`` limit its values."""
    high = rest.pop("high", None)
    if not constant:
        return d.input(shape, t, low=low, high=high, **rest)
    return d.constant(random_values(t, shape, 5, low, high), t, **rest)


def add_n(d: Draft, t: str, count: int = 3, shape: tuple[int, ...] = SHAPE) -> None:
    values = [d.input(shape, t, **d.stored(t)) for _ in range(count)]
    d.op(values, [d.output(shape, t, **d.stored(t))])


def prelu(
    d: Draft, t: str, a: str = "", shapes: Shapes = (SHAPE, (1, 1, 4)), constant: bool = False
) -> None:
    """The slopes have the type of x, but where it is int16: those may be int8."""
    stored = d.stored(a or t, 0.02, 0 if t == "int16" else None)
    x, alpha = d.input(shapes[0], t, **d.stored(t)), _second(d, shapes[1], a or t, constant, **stored)
    d.op([x, alpha], [d.output(np.broadcast_shapes(*shapes), t, **d.stored(t, 0.07))])


def comparison(d: Draft, t: str, shapes: Shapes = (SHAPE, SHAPE), constant: bool = False) -> None:
    x, y = d.input(shapes[0], t, **d.stored(t)), _second(d, shapes[1], t, constant, **d.stored(t))
    d.op([x, y], [d.output(np.broadcast_shapes(*shapes), "bool")])


def plain_binary(d: Draft, t: str, shapes: Shapes = (SHAPE, SHAPE)) -> None:
    d.is_quantized = False
    limits = {"low": -11, "high": 11} if d.name == "STABLEHLO_MULTIPLY" else {}
    x, y = (d.input(shape, t, **limits) for shape in shapes)
    d.op([x, y], [d.output(np.broadcast_shapes(*shapes), t)])


def shift(d: Draft, t: str, shapes: Shapes = (SHAPE, SHAPE)) -> None:
    x, y = d.input(shapes[0], t, low=0, high=100), d.input(shapes[1], t, low=0, high=6)
    d.op([x, y], [d.output(np.broadcast_shapes(*shapes), t)])


def bucketize(d: Draft, t: str, shape: tuple[int, ...] = SHAPE) -> None:
    d.op([d.input(shape, t)], [d.output(shape, "int32")], boundaries=[-3.0, 0.0, 1.5, 20.0])


def cast(d: Draft, a: str, b: str, shape: tuple[int, ...] = SHAPE) -> None:
    # Values that every type can hold: what does not fit is undefined in LiteRT's C++.
    high = 1 if "int2" in (a, b) else 7
    low = 0 if "u" in a[0] + b[0] else -high - 1
    if "float8" in a + b:
        low, high = 0, 4
    x = d.input(shape, a, low=low, high=high) if a != "bool" else d.input(shape, a)
    d.op([x], [d.output(shape, b)])


def quantize(d: Draft, a: str, b: str, shape: tuple[int, ...] = SHAPE) -> None:
    floats = ("float32", "float16", "bfloat16", "float64")
    x = d.input(shape, a, **({} if a in floats else _points(d, a, 0.05)))
    d.op([x], [d.output(shape, b, **({} if b in floats else _points(d, b, 0.08)))])


def dequantize(d: Draft, a: str, shape: tuple[int, ...] = SHAPE) -> None:
    stored = _points(d, a, 0.05) if not a.startswith(("float", "bfloat")) or "8" in a else {}
    if a.endswith(" per channel"):
        scales = np.linspace(0.1, 0.4, shape[-1] if shape else 1)
        stored = {"scale": scales, "zero_point": np.zeros(len(scales), int), "axis": max(len(shape) - 1, 0)}
        a = a.split()[0]
    elif a.endswith(IN_BLOCKS):
        a = a.removesuffix(IN_BLOCKS)
        x = d.constant(d.random(a, shape), a, blocks=d.in_blocks(shape))
        d.op([x], [d.output(shape, "float32")])
        return
    d.op([d.input(shape, a, **stored)], [d.output(shape, "float32")])


def _points(d: Draft, dtype: str, scale: float) -> dict[str, Any]:
    return {"scale": scale, "zero_point": d.points.get(dtype, 8 if dtype == "uint4" else 0)}


def output_of(d: Draft, dtype: str) -> dict[str, Any]:
    """Return the quantization of the output of an op of one operand."""
    if d.name not in UNIT:
        return d.stored(dtype, 0.07)
    scale = UNIT[d.name]
    if dtype == "int16":
        return d.stored(dtype, 2.0**-15)
    middle = {"int8": 0, "uint8": 128} if d.name in SYMMETRIC else {"int8": -128, "uint8": 0}
    return d.stored(dtype, scale, middle.get(dtype))
