"""Comparisons, logic, SELECT and changes of type on OpenCL against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder
from elementwise import all_pairs, all_values, model_of
from one_op import random_array
from one_op_opencl import check, refusal

COMPARISONS = ["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]


@pytest.mark.parametrize("op", COMPARISONS)
def test_numbers_are_compared(op: str) -> None:
    for dtype in ("float32", "int32"):
        arrays = [random_array(dtype, shape, 3 + i, 0, 5) for i, shape in enumerate([(2, 3, 37), (3, 1)])]
        arrays = [np.round(a).astype(dtype) for a in arrays]
        check(model_of(op, arrays, "bool"), arrays)


def test_nan_is_equal_to_nothing() -> None:
    arrays = [np.float32([np.nan, 1, np.nan, np.inf]), np.float32([np.nan, np.nan, 2, np.inf])]
    for op in ("EQUAL", "NOT_EQUAL", "LESS"):
        check(model_of(op, arrays, "bool"), arrays)


@pytest.mark.parametrize("op", ["EQUAL", "LESS"])
def test_stored_values_are_compared(op: str) -> None:
    stored = {"scale": 0.05, "zero_point": 3}
    check(model_of(op, all_pairs("int8"), "bool", stored, stored, {}, version=2), all_pairs("int8"))


def test_stored_values_of_two_scales_are_refused() -> None:
    stored, other = {"scale": 0.05, "zero_point": 3}, {"scale": 0.06, "zero_point": 3}
    model = model_of("LESS", all_pairs("int8"), "bool", stored, other, {}, version=2)
    assert "one quantization" in refusal(model)


@pytest.mark.parametrize("op", ["LOGICAL_AND", "LOGICAL_OR", "EQUAL", "NOT_EQUAL"])
def test_bools(op: str) -> None:
    arrays = [random_array("bool", shape, 3 + i) for i, shape in enumerate([(2, 3, 7), (3, 1)])]
    check(model_of(op, arrays, "bool"), arrays)


def test_not() -> None:
    x = random_array("bool", (3, 7), 3)
    check(model_of("LOGICAL_NOT", [x], "bool"), [x])


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "bool"])
@pytest.mark.parametrize("shape", [(2, 3, 8), (2,), ()])
def test_select(dtype: str, shape: tuple[int, ...]) -> None:
    g = Builder()
    x, y = (random_array(dtype, (2, 3, 8), 4 + i) for i in (0, 1))
    inputs = [g.input(shape, "bool"), g.input(x.shape, dtype), g.input(x.shape, dtype)]
    g.op("SELECT", inputs, [z := g.tensor(x.shape, dtype)])
    check(g.model([z]), [random_array("bool", shape, 3), x, y])


def test_select_v2_is_broadcast() -> None:
    arrays = [
        random_array("bool", (3, 1), 3),
        random_array("float32", (2, 1, 9), 4),
        random_array("float32", (), 5),
    ]
    check(model_of("SELECT_V2", arrays, "float32"), arrays)


def test_select_of_stored_values_is_exact() -> None:
    g = Builder()
    stored = {"scale": 0.05, "zero_point": 3}
    inputs = [g.input((256,), "bool"), *(g.input((256,), "int8", **stored) for _ in range(2))]
    y = g.op("SELECT_V2", inputs, [g.tensor((256,), "int8", **stored)])
    check(
        g.model([y]), [random_array("bool", (256,), 3), all_values("int8"), all_values("int8")[::-1].copy()]
    )


TYPES = ["float32", "int32", "int64", "bool", "int8", "uint8"]


@pytest.mark.parametrize("source", TYPES)
def test_every_type_is_cast_to_every_type(source: str) -> None:
    low, high = (0, 100) if source == "uint8" else (-100, 100)
    x = random_array(source, (3, 37), 3, *(() if source == "bool" else (low, high)))
    for target in TYPES:
        if source == "float32" and target in ("int8", "uint8"):
            x = np.abs(x)
        check(model_of("CAST", [x], target), [x], half_rtol=None)


def test_stored_numbers_are_cast_as_they_stand() -> None:
    x = all_values("uint8")
    check(model_of("CAST", [x], "float32", {"scale": 0.1, "zero_point": 7}, {}), [x])
    check(model_of("CAST", [x], "int32", {"scale": 0.1, "zero_point": 7}, {}), [x])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_numbers_are_quantized_and_back(dtype: str) -> None:
    stored = {"scale": 0.05, "zero_point": 7}
    x = random_array("float32", (5, 100), 3)
    check(model_of("QUANTIZE", [x], dtype, {}, stored), [x])
    check(
        model_of("DEQUANTIZE", [all_values(dtype)], "float32", stored, {}, version=2), [all_values(dtype)]
    )


@pytest.mark.parametrize(("source", "target"), [("int8", "uint8"), ("uint8", "int8"), ("int8", "int8")])
def test_stored_numbers_are_quantized_anew(source: str, target: str) -> None:
    x = all_values(source)
    for scale in (0.05, 0.11):
        stored = [{"scale": 0.05, "zero_point": 7}, {"scale": scale, "zero_point": 12}]
        check(model_of("QUANTIZE", [x], target, *stored), [x])


def test_float16_becomes_float32() -> None:
    x = random_array("float16", (3, 7), 3)
    check(model_of("DEQUANTIZE", [x], "float32", version=3), [x])


def test_a_computed_number_fills_a_tensor() -> None:
    g = Builder()
    x = g.input((), "float32")
    y = g.op("FILL", [g.constant(np.int32([2, 3, 8])), x], [g.tensor((2, 3, 8), "float32")])
    check(g.model([y]), [np.float32(2.5)])
