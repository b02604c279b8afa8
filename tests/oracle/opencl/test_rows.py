"""Ops along the last axis on OpenCL against LiteRT: softmax and the normalizations."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder
from elementwise import model_of
from one_op import random_array
from one_op_opencl import check

SHAPES = [(1, 1001), (2, 3, 5), (1, 2, 3, 1, 13), (67, 1), (1, 9, 9, 5), (130, 21)]


@pytest.mark.parametrize("beta", [1.0, 0.5, 2.0])
def test_softmax_of_floats(beta: float) -> None:
    for shape in SHAPES:
        x = random_array("float32", shape, 3, -5, 5)
        check(model_of("SOFTMAX", [x], "float32", beta=beta), [x], half_rtol=1.5e-2)


def test_softmax_of_huge_numbers() -> None:
    x = np.float32([[1e30, -1e30, 1e30, 0], [-3e38, 3e38, 0, 1]])
    check(model_of("SOFTMAX", [x], "float32", beta=1.0), [x], half_rtol=None)


@pytest.mark.parametrize("op", ["LOG_SOFTMAX", "L2_NORMALIZATION"])
def test_floats(op: str) -> None:
    for shape in SHAPES:
        x = random_array("float32", shape, 3, -5, 5)
        check(model_of(op, [x], "float32"), [x])


def test_no_length_at_all() -> None:
    x = np.zeros((2, 3), np.float32)
    check(model_of("L2_NORMALIZATION", [x], "float32"), [x])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("scale", [0.05, 0.3, 2.0])
@pytest.mark.parametrize("depth", [2, 10, 100, 400])
def test_softmax_of_stored_values_is_within_a_step(dtype: str, scale: float, depth: int) -> None:
    out = {"scale": 1 / 256, "zero_point": int(np.iinfo(dtype).min)}
    x = random_array(dtype, (5, depth), 3)
    check(model_of("SOFTMAX", [x], dtype, {"scale": scale, "zero_point": 3}, out, version=2, beta=1.0), [x])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_log_softmax_of_stored_values_is_within_a_step(dtype: str) -> None:
    out = {"scale": 1 / 16, "zero_point": int(np.iinfo(dtype).max)}
    for scale in (0.05, 0.3):
        x = random_array(dtype, (5, 21), 3)
        check(model_of("LOG_SOFTMAX", [x], dtype, {"scale": scale, "zero_point": 3}, out, version=2), [x])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_l2_normalization_of_stored_values_is_within_a_step(dtype: str) -> None:
    out = {"scale": 1 / 128, "zero_point": 0 if dtype == "int8" else 128}
    x = random_array(dtype, (5, 21), 3)
    check(model_of("L2_NORMALIZATION", [x], dtype, {"scale": 0.1, "zero_point": 3}, out, version=2), [x])


@pytest.mark.parametrize("radius", [1, 3, 50])
def test_local_response_normalization(radius: int) -> None:
    x = random_array("float32", (2, 3, 2, 11), 3)
    options = {"radius": radius, "bias": 1.0, "alpha": 0.2, "beta": 0.7}
    check(model_of("LOCAL_RESPONSE_NORMALIZATION", [x], "float32", **options), [x])


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "bool"])
def test_one_hot(dtype: str) -> None:
    for axis, shape in ((-1, (2, 3, 5)), (0, (5, 2, 3)), (1, (2, 5, 3))):
        g = Builder()
        x = g.input((2, 3), "int32")
        on, off = (g.constant(np.array(v, dtype)) for v in (1, 0))
        y = g.op("ONE_HOT", [x, g.constant(np.int32(5)), on, off], [g.tensor(shape, dtype)], axis=axis)
        check(g.model([y]), [np.int32([[0, 4, 5], [-1, 2, 2]])])
