"""Elementwise ops of one operand on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import DEFAULT, all_values, model_of
from one_op import random_array
from one_op_opencl import HALF_RTOL, check

# Op, lowest and highest input, options; LiteRT's reference resolver lacks those of ``LACKING``.
FLOATS: list[tuple[str, float, float, dict[str, Any]]] = [
    ("ABS", -10, 10, {}),
    ("COS", -20, 20, {}),
    ("SIN", -20, 20, {}),
    ("ELU", -10, 10, {}),
    ("EXP", -8, 4, {}),
    ("FLOOR", -10, 10, {}),
    ("CEIL", -10, 10, {}),
    ("ROUND", -10, 10, {}),
    ("GELU", -6, 6, {"approximate": False}),
    ("GELU", -6, 6, {"approximate": True}),
    ("LOG", 0.01, 50, {}),
    ("LOGISTIC", -20, 20, {}),
    ("NEG", -10, 10, {}),
    ("RSQRT", 0.01, 50, {}),
    ("SQRT", 0, 50, {}),
    ("SQUARE", -10, 10, {}),
    ("SIGN", -2, 2, {}),
    ("TANH", -5, 5, {}),
    ("HARD_SWISH", -6, 6, {}),
    ("RELU", -10, 10, {}),
    ("RELU6", -10, 10, {}),
    ("RELU_N1_TO_1", -2, 2, {}),
    ("RELU_0_TO_1", -2, 2, {}),
    ("LEAKY_RELU", -10, 10, {"alpha": 0.3}),
    ("FAKE_QUANT", -2, 2, {"min": -1.0, "max": 1.0, "num_bits": 8}),
    ("ZEROS_LIKE", -2, 2, {}),
]
LACKING = ("CEIL", "ELU", "ROUND")
JUMPS = ("CEIL", "FLOOR", "ROUND", "SIGN", "FAKE_QUANT")  # a rounded input may come out far off
SHAPES = [(), (1, 2, 3, 1, 13), (1, 33, 31, 3)]


@pytest.mark.parametrize(("op", "low", "high", "options"), FLOATS)
def test_floats_of_any_shape(op: str, low: float, high: float, options: dict[str, Any]) -> None:
    for shape in SHAPES:
        x = random_array("float32", shape, 7, low, high)
        if op in JUMPS:
            x = x.astype(np.float16).astype(np.float32)
        half_rtol = 1e-2 if op in ("SIN", "COS", "FAKE_QUANT") else HALF_RTOL
        check(model_of(op, [x], "float32", **options), [x], resolver=resolver(op), half_rtol=half_rtol)


@pytest.mark.parametrize(
    "op",
    [
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "LEAKY_RELU",
        "ABS",
        "NEG",
        "SQRT",
        "LOGISTIC",
        "TANH",
        "FLOOR",
        "ELU",
    ],
)
def test_infinities_and_nan_are_kept(op: str) -> None:
    x = np.float32([np.inf, -np.inf, np.nan, 0, -0.0, 1, -1, 2, 3])
    if op == "SQRT":
        x = np.abs(x)
    check(model_of(op, [x], "float32"), [x], resolver=resolver(op))


@pytest.mark.parametrize("alpha", [np.nan, np.inf, -np.inf, 3e38])
def test_a_slope_may_be_no_number(alpha: float) -> None:
    x = np.float32([-2, -0.5, 0, 1, 3])
    check(model_of("LEAKY_RELU", [x], "float32", alpha=alpha), [x], half_rtol=None)


@pytest.mark.parametrize("op", ["ABS", "NEG", "SIGN"])
def test_integers(op: str) -> None:
    x = random_array("int32", (2, 3, 5), 3, -(2**31) + 1)
    check(model_of(op, [x], "int32"), [x])


STORED: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("ABS", "int8", {"scale": 0.1, "zero_point": -5}, {"scale": 0.07, "zero_point": -128}),
    ("ELU", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.05, "zero_point": -90}),
    ("EXP", "int8", {"scale": 0.03, "zero_point": 3}, {"scale": 0.2, "zero_point": -128}),
    ("GELU", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.04, "zero_point": -120}),
    ("GELU", "uint8", {"scale": 0.05, "zero_point": 130}, {"scale": 0.04, "zero_point": 10}),
    ("LOG", "int8", {"scale": 0.05, "zero_point": -100}, {"scale": 0.04, "zero_point": 20}),
    ("LOGISTIC", "int8", {"scale": 0.08, "zero_point": 3}, {"scale": 1 / 256, "zero_point": -128}),
    ("LOGISTIC", "uint8", {"scale": 0.08, "zero_point": 100}, {"scale": 1 / 256, "zero_point": 0}),
    ("RSQRT", "int8", {"scale": 0.05, "zero_point": -128}, {"scale": 0.02, "zero_point": -128}),
    ("SQRT", "int8", {"scale": 0.05, "zero_point": -128}, {"scale": 0.02, "zero_point": -128}),
    ("TANH", "int8", {"scale": 0.03, "zero_point": 3}, {"scale": 1 / 128, "zero_point": 0}),
    ("TANH", "uint8", {"scale": 0.03, "zero_point": 130}, {"scale": 1 / 128, "zero_point": 128}),
    ("HARD_SWISH", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.04, "zero_point": -110}),
    ("HARD_SWISH", "uint8", {"scale": 0.02, "zero_point": 130}, {"scale": 0.02, "zero_point": 20}),
    ("HARD_SWISH", "int8", {"scale": 0.1, "zero_point": -10}, {"scale": 0.01, "zero_point": -90}),
    ("RELU", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.03, "zero_point": -128}),
    ("RELU6", "uint8", {"scale": 0.05, "zero_point": 100}, {"scale": 0.0235, "zero_point": 0}),
    ("RELU_N1_TO_1", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.01, "zero_point": 2}),
    ("RELU_0_TO_1", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.01, "zero_point": -128}),
    ("LEAKY_RELU", "int8", {"scale": 0.05, "zero_point": 3}, {"scale": 0.04, "zero_point": -28}),
    ("LEAKY_RELU", "uint8", {"scale": 0.05, "zero_point": 99}, {"scale": 0.04, "zero_point": 28}),
]


@pytest.mark.parametrize(("op", "dtype", "stored", "out"), STORED)
def test_every_stored_value_is_within_a_step(op: str, dtype: str, stored: Any, out: Any) -> None:
    x = all_values(dtype)
    if op in ("RSQRT", "SQRT"):  # LiteRT refuses negative numbers
        x = np.sort(x)
    options = {"alpha": 0.3} if op == "LEAKY_RELU" else {}
    versions = {"HARD_SWISH": 1, "ELU": 1, "RELU_N1_TO_1": 1, "RELU_0_TO_1": 1}
    model = model_of(op, [x], dtype, stored, out, version=versions.get(op, 2), **options)
    check(model, [x], resolver=resolver(op))


def test_float16_tensors() -> None:
    x = random_array("float16", (3, 5), 4, -5, 5)
    check(model_of("TANH", [x], "float16", version=3), [x], resolver=DEFAULT)


def test_a_tensor_without_elements() -> None:
    x = np.zeros((2, 0, 3), np.float32)
    check(model_of("TANH", [x], "float32"), [x], expected=[x])


def resolver(op: str) -> str:
    return DEFAULT if op in LACKING else "BUILTIN_REF"
