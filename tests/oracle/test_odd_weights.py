"""Weights that are infinite or NaN: right beside every border, by whichever delegate takes the op."""

from __future__ import annotations

from typing import Any

import litert
import numpy as np
import pytest
from delegraph import Interpreter, load_delegate
from delegraph.file import write_model
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st

ODD = np.float32([np.inf, -np.inf, np.nan])
OPS = ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONV_3D"]


@st.composite
def programs(draw: st.DrawFn, op: str) -> tuple[Model, np.ndarray]:
    """A layer with some odd weights, and its input, in which some values may be 0 or odd, too."""
    rank = 3 if op == "CONV_3D" else 2
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    size = [draw(st.integers(1, 6)) for _ in range(rank)]
    taps = [draw(st.integers(1, 4)) for _ in range(rank)]
    stride, dilation = (draw(st.integers(1, 2)) for _ in range(2))
    dilation = dilation if op in ("CONV_2D", "DEPTHWISE_CONV_2D") and stride == 1 else 1
    channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.sampled_from(["SAME", "SAME", "VALID"]))
    reach = [(n - 1) * dilation + 1 for n in taps]
    if padding == "VALID":
        size = [max(n, k) for n, k in zip(size, reach, strict=True)]
    x = _odd(draw, rng.normal(size=(2, *size, channels)), 2)
    x[rng.random(x.shape) < 0.2] = 0
    shapes = {
        "CONV_2D": (filters, *taps, channels),
        "DEPTHWISE_CONV_2D": (1, *taps, channels * filters),
        "TRANSPOSE_CONV": (filters, *taps, channels),
        "CONV_3D": (*taps, channels, filters),
    }
    weights = _odd(draw, rng.normal(size=shapes[op]), 4)
    made = _made(op, x.shape, weights, padding, stride, dilation)
    return made, x


def _odd(draw: st.DrawFn, values: np.ndarray, most: int) -> np.ndarray:
    found = values.astype(np.float32)
    for at in draw(st.lists(st.integers(0, values.size - 1), max_size=most)):
        found.flat[at] = draw(st.sampled_from(list(ODD)))
    return found


def _made(
    op: str, shape: tuple[int, ...], weights: np.ndarray, padding: str, stride: int, dilation: int
) -> Model:
    g = Builder()
    x, w = g.input(shape, "float32", name="x"), g.constant(weights)
    axes = "dhw" if op == "CONV_3D" else "hw"
    taps = weights.shape[:3] if op == "CONV_3D" else weights.shape[1:3]
    options: dict[str, Any] = {"padding": padding, "fused_activation_function": "NONE"}
    options |= {f"stride_{a}": stride for a in axes}
    if op == "TRANSPOSE_CONV":
        more = 0 if padding == "SAME" else 1
        size = [n * stride + more * max(k - stride, 0) for n, k in zip(shape[1:-1], taps, strict=True)]
        out = (shape[0], *size, len(weights))
        return g.model([g.op(op, [g.constant(np.int32(out)), w, x], [g.tensor(out, "float32")], **options)])
    reach = [(k - 1) * dilation + 1 for k in taps]
    size = [
        -(-(n if padding == "SAME" else n - k + 1) // stride)
        for n, k in zip(shape[1:-1], reach, strict=True)
    ]
    options |= {f"dilation_{a}_factor": dilation for a in axes}
    filters = {"CONV_2D": weights.shape[0]}.get(op, weights.shape[-1])
    if op == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = filters // shape[-1]
    bias = g.constant(np.zeros(filters, np.float32))
    return g.model([g.op(op, [x, w, bias], [g.tensor((shape[0], *size, filters), "float32")], **options)])


@pytest.mark.parametrize("op", OPS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_odd_weights_are_passed_over_where_litert_does_so(op: str, data: st.DataObject) -> None:
    model, x = data.draw(programs(op))
    (expected,) = litert.run(write_model(model), [x])
    (found,) = Interpreter(model).run({"x": x}).values()
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"])
@settings(max_examples=6, deadline=None, derandomize=True)
@given(data=st.data())
def test_opencl_takes_odd_weights_only_where_it_is_right(
    op: str, kernels: str, data: st.DataObject
) -> None:
    model, x = data.draw(programs(op))
    (expected,) = litert.run(write_model(model), [x])
    ours = Interpreter(model, delegates=[load_delegate("opencl", {"kernels": kernels}), "reference"])
    (found,) = ours.run({"x": x}).values()
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)
