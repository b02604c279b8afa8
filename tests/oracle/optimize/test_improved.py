"""Improved models: LiteRT runs them and computes what our reference does, bit for bit."""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, write_model
from delegraph_optimize import quantize

RNG = np.random.default_rng(5)


def floats(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype(np.float32)


def net() -> Model:
    """Convolutions of each kind, and a product without a bias."""
    g = Builder()
    y = g.input((1, 9, 9, 4), "float32", "x")
    for name, shape, out, more in (
        ("CONV_2D", (8, 3, 3, 4), 8, {"fused_activation_function": "RELU6"}),
        ("DEPTHWISE_CONV_2D", (1, 3, 3, 16), 16, {"depth_multiplier": 2}),
        ("CONV_2D", (6, 1, 1, 16), 6, {"fused_activation_function": "RELU"}),
        ("CONV_2D", (8, 3, 3, 3), 8, {}),
    ):
        operands = [y, g.constant(floats(*shape)), g.constant(floats(out))]
        y = g.op(name, operands, [g.tensor((1, 9, 9, out), "float32")], stride_w=1, stride_h=1, **more)
    y = g.op("MEAN", [y, g.constant(np.array([1, 2], np.int32))], [g.tensor((1, 8), "float32")])
    operands = [y, g.constant(floats(5, 8)), None]
    return g.model([g.op("FULLY_CONNECTED", operands, [g.tensor((1, 5), "float32")])])


@pytest.mark.parametrize("rounding", ["nearest", "gptq", "adaround", "blocks"])
@pytest.mark.parametrize(
    ("scheme", "io", "weights"),
    [("int8", "int8", "int8"), ("int8", "int8", "int4"), ("int16x8", "int16", "int8")],
)
def test_integers_are_litert_s(scheme: str, io: str, weights: str, rounding: str) -> None:
    model, data = net(), [floats(1, 9, 9, 4) for _ in range(4)]
    made = quantize(
        model, scheme, data=data, inputs=io, weights=weights, equalize=True, bias_correction=True,
        rounding=rounding,
    )  # fmt: skip
    assert made.report.notes[0] == "channels equalized: 4 pairs of ops"
    x = RNG.integers(-120, 120, (1, 9, 9, 4)).astype(io)
    with Interpreter(model=made.model, delegates=["reference"]) as interpreter:
        ours = interpreter(x)
    (theirs,) = litert.run(write_model(made.model), [x], "BUILTIN_REF")
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("scheme", ["dynamic", "weights"])
def test_litert_runs_what_is_beside_floats(scheme: str) -> None:
    model, data = net(), [floats(1, 9, 9, 4) for _ in range(4)]
    noise = []
    for effort in ("fast", "best"):
        made = quantize(model, scheme, data=data, weights="int4", effort=effort, least=1)
        (got,), (want,) = litert.run(made.content, [data[0]]), litert.run(write_model(model), [data[0]])
        noise.append(float(np.square(got - want).sum()))
    assert noise[1] < 0.7 * noise[0]
