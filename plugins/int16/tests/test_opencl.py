"""The int16 rows of the OpenCL delegate: what they claim, and that they compute numpy's bits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import delegraph_int16
import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, OpSupport, load_delegate
from delegraph_int16 import reference

pytest.importorskip("delegraph_opencl", reason="delegraph-opencl is not installed")

from delegraph_int16 import opencl

VARIANTS = [{}, {"kernels": "gpu"}]
UNARY = (
    "ABS ELU EXP GELU HARD_SWISH LEAKY_RELU LOGISTIC NEG RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 SIN COS TANH"
)
LITTLE = {"scale": 2.0**-12, "zero_point": 0}
UNIT = {"scale": 2.0**-15, "zero_point": 0}


def _rows(**options: Any) -> Iterator[OpSupport]:
    return (row for row in load_delegate("opencl", options).table.rows if row.origin == "int16")


def test_each_row_claims_what_numpy_s_row_of_the_op_claims() -> None:
    claims = {(row.op, row.versions, row.types) for row in reference.rows()}
    others = {row.op for row in _rows() if (row.op, row.versions, row.types) not in claims}
    assert others == {"QUANTIZE", "DEQUANTIZE"}  # in numpy these are the reference delegate's


def test_no_row_claims_what_the_delegate_s_own_claim(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "delegraph"):
        assert len(list(_rows())) == len(list(opencl.rows(load_delegate("opencl").options)))
    assert caplog.messages == []


def test_a_delegate_without_quantized_models_gets_no_row() -> None:
    assert list(_rows(quantized=False)) == []
    options = SimpleNamespace(quantized=False)
    assert list(delegraph_int16.delegraph_op_support(SimpleNamespace(name="opencl", options=options))) == []


def _device() -> None:
    if (why := load_delegate("opencl").unavailable()) is not None:
        pytest.skip(why)


def _equal_on_both(model: Model, inputs: list[np.ndarray]) -> None:
    _device()
    given = {t.index: a for t, a in zip(model.subgraphs[0].inputs, inputs, strict=True)}
    (expected,) = Interpreter(model=model, delegates=["reference"]).run(given).values()
    for options in VARIANTS:
        delegate = load_delegate("opencl", options)
        with Interpreter(model=model, delegates=[delegate], require_full_delegation=True) as interpreter:
            (found,) = interpreter.run(given).values()
        np.testing.assert_array_equal(found, expected)


def _every_value() -> np.ndarray:
    return np.arange(1 << 16, dtype=np.uint16).view(np.int16)


@pytest.mark.parametrize("op", UNARY.split())
def test_every_value_of_a_function_is_numpy_s(op: str) -> None:
    g = Builder()
    x = g.input((1 << 16,), "int16", **LITTLE)
    y = g.tensor((1 << 16,), "int16", **(UNIT if op in ("TANH", "LOGISTIC") else LITTLE))
    options = {"alpha": -0.2} if op == "LEAKY_RELU" else {}
    _equal_on_both(g.model([g.op(op, [x], [y], **options)]), [_every_value()])


def test_a_negative_value_has_the_root_of_0() -> None:
    """It is an error in numpy: a device raises none while it runs."""
    _device()
    g = Builder()
    x, y = g.input((2,), "int16", **LITTLE), g.tensor((2,), "int16", **LITTLE)
    model = g.model([g.op("RSQRT", [x], [y])])
    (found,) = Interpreter(model=model, delegates=["opencl"]).run({0: np.int16([-5, 0])}).values()
    assert found[0] == found[1]


@pytest.mark.parametrize("shapes", [((1 << 16,), (1 << 16,)), ((3, 1, 40), (7, 1)), ((5, 8), (1,))])
@pytest.mark.parametrize("ratio", [1.0, 0.3, 5.0])
def test_squared_differences_are_numpy_s(shapes: Any, ratio: float) -> None:
    g = Builder()
    stored = [{"scale": 0.01 * r, "zero_point": 0} for r in (1.0, ratio)]
    x, y = (g.input(shape, "int16", **q) for shape, q in zip(shapes, stored, strict=True))
    out = g.tensor(np.broadcast_shapes(*shapes), "int16", scale=0.5 * max(1, ratio) ** 2, zero_point=0)
    values = [np.resize(_every_value()[:: 1 if len(s) == 1 else 611], s) for s in shapes]
    _equal_on_both(g.model([g.op("SQUARED_DIFFERENCE", [x, y], [out])]), [values[0], values[1][..., ::-1]])


@pytest.mark.parametrize("axes", [[0], [1], [0, 1]])
def test_sums_are_numpy_s(axes: list[int]) -> None:
    """LiteRT's are not what its source means."""
    g = Builder()
    x = g.input((256, 256), "int16", scale=0.01, zero_point=0)
    shape = tuple(n for i, n in enumerate((256, 256)) if i not in axes)
    y = g.tensor(shape, "int16", scale=0.4, zero_point=0)
    model = g.model([g.op("SUM", [x, g.constant(np.int32(axes))], [y], keep_dims=False)])
    _equal_on_both(model, [_every_value().reshape(256, 256)])


def test_an_op_whose_weights_are_computed_is_refused_with_the_reason() -> None:
    g = Builder()
    x = g.input((1, 4), "int16", scale=0.1, zero_point=0)
    w = g.input((3, 4), "int8", scale=0.1, zero_point=0)
    model = g.model([g.op("FULLY_CONNECTED", [x, w], [g.tensor((1, 3), "int16", scale=0.1, zero_point=0)])])
    graph = model.subgraphs[0]
    why = "; ".join(map(str, load_delegate("opencl").table.refusals(graph.ops[0], graph)))
    assert "needs constant weights and bias" in why
