"""Ops that compute each value of the output from the values in its place."""

from __future__ import annotations

from typing import Any

from ..draft import Draft
from ..recipe import EVERY_TYPE, NUMBERS, recipe

SHAPE = (2, 3, 4)
POSITIVE = {"LOG", "SQRT", "RSQRT"}
SMALL = {"EXP": 3, "POW": 3}
# Outputs that the kernels ask for by scale and zero point.
UNIT = {"LOGISTIC": 1 / 256, "SOFTMAX": 1 / 256, "TANH": 1 / 128, "L2_NORMALIZATION": 1 / 128}
SYMMETRIC = {"TANH", "L2_NORMALIZATION"}


@recipe(
    "ABS NEG SIN COS EXP LOG SQRT RSQRT SQUARE FLOOR CEIL ROUND LOGISTIC TANH RELU RELU_N1_TO_1 RELU6"
    " RELU_0_TO_1 ELU HARD_SWISH GELU SIGN LOGICAL_NOT ZEROS_LIKE",
    NUMBERS,
)
def unary(d: Draft, t: str, **options: Any) -> None:
    limits: dict[str, float] = {"low": 0.1, "high": 9} if d.name in POSITIVE else {}
    if d.name in SMALL:
        limits = {"low": -3, "high": 3}
    points = {"int8": -128, "uint8": 0} if d.name in POSITIVE else {}
    if points and t in points:
        limits = {"low": points[t] + 1}
    x = d.input(SHAPE, t, **limits, **d.stored(t, zero_point=points.get(t)))
    d.op([x], [d.output(SHAPE, t, **output_of(d, t))], **options)


@recipe("SOFTMAX", [*NUMBERS, "int8>int16"])
def softmax(d: Draft, t: str, out: str = "") -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    wide = {"scale": 1 / 65536, "zero_point": -32768}
    d.op([x], [d.output(SHAPE, out or t, **(wide if out else output_of(d, t)))], beta=1.0)


@recipe("LOG_SOFTMAX", NUMBERS)
def log_softmax(d: Draft, t: str) -> None:
    points = {"int8": 127, "uint8": 255}
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x], [d.output(SHAPE, t, **d.stored(t, 16 / 256, points.get(t)))])


@recipe("L2_NORMALIZATION", NUMBERS)
def l2_normalization(d: Draft, t: str) -> None:
    unary(d, t)


@recipe("LEAKY_RELU", NUMBERS)
def leaky_relu(d: Draft, t: str) -> None:
    unary(d, t, alpha=0.3)


@recipe("LOCAL_RESPONSE_NORMALIZATION", NUMBERS)
def local_response_normalization(d: Draft, t: str) -> None:
    x = d.input((1, 2, 3, 8), t, **d.stored(t))
    d.op([x], [d.output((1, 2, 3, 8), t, **d.stored(t))], radius=2, bias=1.0, alpha=0.5, beta=0.7)


@recipe("FAKE_QUANT", NUMBERS)
def fake_quant(d: Draft, t: str) -> None:
    unary(d, t, min=-6.0, max=6.0, num_bits=8)


@recipe("IMAG REAL COMPLEX_ABS", [*EVERY_TYPE, "complex64>float64", "complex128>float64"])
def part(d: Draft, t: str, out: str = "float32") -> None:
    d.op([d.input(SHAPE, t)], [d.output(SHAPE, out)])


@recipe("ADD SUB MUL DIV MAXIMUM MINIMUM FLOOR_DIV FLOOR_MOD SQUARED_DIFFERENCE ATAN2 POW", NUMBERS)
def binary(d: Draft, t: str) -> None:
    divides = d.name in ("DIV", "FLOOR_DIV", "FLOOR_MOD")
    extremum = d.name in ("MAXIMUM", "MINIMUM")
    first: dict[str, float] = {"low": 0, "high": 5} if d.name == "POW" else {}
    second: dict[str, float] = first or ({"low": 4, "high": 100} if divides else {})
    x = d.input(SHAPE, t, **first, **d.stored(t))
    y = d.input(SHAPE, t, **second, **d.stored(t, 0.05 if extremum else 0.03))
    scale = {"MUL": 0.3, "DIV": 0.2, "SQUARED_DIFFERENCE": 0.4}.get(d.name, 0.05 if extremum else 0.1)
    d.op([x, y], [d.output(SHAPE, t, **d.stored(t, scale))])


@recipe("ADD_N", NUMBERS)
def add_n(d: Draft, t: str) -> None:
    values = [d.input(SHAPE, t, **d.stored(t)) for _ in range(3)]
    d.op(values, [d.output(SHAPE, t, **d.stored(t))])


@recipe("PRELU", NUMBERS)
def prelu(d: Draft, t: str) -> None:
    x, alpha = d.input(SHAPE, t, **d.stored(t)), d.input((1, 1, 4), t, **d.stored(t, 0.02))
    d.op([x, alpha], [d.output(SHAPE, t, **d.stored(t, 0.07))])


@recipe("EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL", NUMBERS)
def comparison(d: Draft, t: str) -> None:
    x, y = (d.input(SHAPE, t, **d.stored(t)) for _ in range(2))
    d.op([x, y], [d.output(SHAPE, "bool")])


@recipe(
    "LOGICAL_AND LOGICAL_OR BITWISE_XOR STABLEHLO_ADD STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM"
    " STABLEHLO_MINIMUM STABLEHLO_AND",
    EVERY_TYPE,
)
def plain_binary(d: Draft, t: str) -> None:
    d.is_quantized = False
    limits = {"low": -11, "high": 11} if d.name == "STABLEHLO_MULTIPLY" else {}
    x, y = (d.input(SHAPE, t, **limits) for _ in range(2))
    d.op([x, y], [d.output(SHAPE, t)])


@recipe("RIGHT_SHIFT STABLEHLO_SHIFT_LEFT", EVERY_TYPE)
def shift(d: Draft, t: str) -> None:
    x, y = d.input(SHAPE, t, low=0, high=100), d.input(SHAPE, t, low=0, high=6)
    d.op([x, y], [d.output(SHAPE, t)])


@recipe("BUCKETIZE", EVERY_TYPE)
def bucketize(d: Draft, t: str) -> None:
    d.op([d.input(SHAPE, t)], [d.output(SHAPE, "int32")], boundaries=[-3.0, 0.0, 1.5, 20.0])


@recipe("CAST", [f"{a}>{b}" for a in EVERY_TYPE for b in EVERY_TYPE])
def cast(d: Draft, a: str, b: str) -> None:
    # Values that every type can hold: what does not fit is undefined in LiteRT's C++.
    high = 1 if "int2" in (a, b) else 7
    low = 0 if "u" in a[0] + b[0] else -high - 1
    if "float8" in a + b:
        low, high = 0, 4
    x = d.input(SHAPE, a, low=low, high=high) if a != "bool" else d.input(SHAPE, a)
    d.op([x], [d.output(SHAPE, b)])


@recipe("QUANTIZE", [f"{a}>{b}" for a in EVERY_TYPE for b in EVERY_TYPE])
def quantize(d: Draft, a: str, b: str) -> None:
    floats = ("float32", "float16", "bfloat16", "float64")
    x = d.input(SHAPE, a, **({} if a in floats else _points(a, 0.05)))
    d.op([x], [d.output(SHAPE, b, **({} if b in floats else _points(b, 0.08)))])


@recipe("DEQUANTIZE", [*EVERY_TYPE, "int8 per channel"])
def dequantize(d: Draft, a: str) -> None:
    stored = _points(a, 0.05) if not a.startswith(("float", "bfloat")) or "8" in a else {}
    if a.endswith(" per channel"):
        a, stored = "int8", {"scale": [0.1, 0.2, 0.3, 0.4], "zero_point": [0] * 4, "axis": 2}
    d.op([d.input(SHAPE, a, **stored)], [d.output(SHAPE, "float32")])


def _points(dtype: str, scale: float) -> dict[str, Any]:
    point = {"int8": 3, "uint8": 131, "int4": 0, "uint4": 8}.get(dtype, 0)
    return {"scale": scale, "zero_point": point}


def output_of(d: Draft, dtype: str) -> dict[str, Any]:
    """Return the quantization of the output of an op of one operand."""
    if d.name not in UNIT:
        return d.stored(dtype, 0.07)
    scale = UNIT[d.name]
    if dtype == "int16":
        return d.stored(dtype, 2.0**-15)
    middle = {"int8": 0, "uint8": 128} if d.name in SYMMETRIC else {"int8": -128, "uint8": 0}
    return d.stored(dtype, scale, middle.get(dtype))
