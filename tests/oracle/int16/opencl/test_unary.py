"""Ops on one int16 input on OpenCL against LiteRT: every stored value."""

from __future__ import annotations

import numpy as np
import one_op_opencl
import pytest
from delegraph import Builder
from int16_opencl import check
from int16s import all_int16
from one_op import random_array

UNIT = 2.0**-15
FUNCTIONS = [
    ("ABS", 0.1, 0.12),
    ("RELU", 0.1, 0.07),
    ("RELU6", 0.001, 0.0013),
    ("TANH", 3e-4, UNIT),
    ("LOGISTIC", 3e-4, UNIT),
    ("EXP", 1e-4, 1e-3),
    ("NEG", 0.1, 0.1),
    ("GELU", 2e-4, 2e-4),
    ("LEAKY_RELU", 0.01, 0.013),
]


@pytest.mark.parametrize(("op", "scale", "out"), FUNCTIONS)
def test_every_stored_value_is_bit_for_bit(op: str, scale: float, out: float) -> None:
    options = {"alpha": 0.3} if op == "LEAKY_RELU" else {}
    check(_model(op, scale, out, **options), [all_int16()])


@pytest.mark.parametrize("op", ["RSQRT", "SQRT", "LOG"])
def test_every_positive_value_is_bit_for_bit(op: str) -> None:
    check(_model(op, 1e-3, 1e-3), [np.maximum(all_int16(), 1)])


def test_integers_are_brought_to_another_scale() -> None:
    check(_model("QUANTIZE", 0.1, 0.037), [all_int16()])


def _model(op: str, scale: float, out: float, **options: float) -> object:
    g = Builder()
    x = g.input((1 << 16,), "int16", scale=scale, zero_point=0)
    y = g.tensor((1 << 16,), "int16", scale=out, zero_point=0)
    return g.model([g.op(op, [x], [y], **options)])


@pytest.mark.parametrize("scale", [1e-4, 0.1, 0.3, 2.0**-12])
def test_floats_become_int16_bit_for_bit(scale: float) -> None:
    g = Builder()
    steps = random_array("float32", (5000,), 1, -40000.0, 40000.0, special=True)
    halves = np.arange(-3000, 3000, dtype=np.float32) + np.float32(0.5)
    values = np.concatenate([steps, halves]) * np.float32(scale)
    x = g.input(values.shape, "float32")
    y = g.tensor(values.shape, "int16", scale=scale, zero_point=0)
    check(g.model([g.op("QUANTIZE", [x], [y])]), [values])


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_int16_becomes_the_floats_it_stands_for(precision: str) -> None:
    g = Builder()
    x = g.input((1 << 16,), "int16", scale=0.0137, zero_point=0)
    model = g.model([g.op("DEQUANTIZE", [x], [g.tensor((1 << 16,), "float32")])])
    (found,), (_, rtol) = one_op_opencl.run(model, [all_int16()], {"precision": precision})
    exact = all_int16() * np.float32(0.0137)
    assert rtol == (0 if precision == "float32" else 2.0**-11)
    np.testing.assert_allclose(found, exact, rtol=rtol, atol=0)
