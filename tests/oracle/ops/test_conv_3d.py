"""CONV_3D against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from delegraph.numbers import window
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import ACTIVATIONS, SEEDS

SIDES = st.tuples(*[st.integers(1, 6)] * 3)
STEPS = st.tuples(*[st.integers(1, 2)] * 3)
FILTERS = st.tuples(*[st.integers(1, 3)] * 3)


def _model(
    volume: Any, filter: Any, strides: Any, dilations: Any, padding: str, bias: bool, **more: Any
) -> Any:
    places = [
        window(*axis, padding).output for axis in zip(volume, filter, strides, dilations, strict=True)
    ]
    g = Builder()
    x, w = (
        g.input((2, *volume, 3), "float32"),
        g.constant(random_array("float32", (*filter, 3, 4), 1, 0.1, 1)),
    )
    b = [g.constant(np.float32([1, 2, 0, 3]))] if bias else []
    steps = {f"stride_{a}": s for a, s in zip("dhw", strides, strict=True)}
    steps |= {f"dilation_{a}_factor": d for a, d in zip("dhw", dilations, strict=True)}
    g.op("CONV_3D", [x, w, *b], [g.tensor((2, *places, 4), "float32")], padding=padding, **steps, **more)
    return g.model()


@settings(max_examples=60, deadline=None)
@given(
    volume=SIDES,
    filter=FILTERS,
    strides=STEPS,
    dilations=STEPS,
    padding=st.sampled_from(["SAME", "VALID"]),
    bias=st.booleans(),
    activation=ACTIVATIONS,
    seed=SEEDS,
)
def test_sums_over_volumes(
    volume: Any,
    filter: Any,
    strides: Any,
    dilations: Any,
    padding: str,
    bias: bool,
    activation: str,
    seed: int,
) -> None:
    if padding == "VALID":
        reach = [(f - 1) * d + 1 for f, d in zip(filter, dilations, strict=True)]
        volume = tuple(map(max, volume, reach))
    options = {"fused_activation_function": activation}
    model = _model(volume, filter, strides, dilations, padding, bias, **options)
    check(model, [random_array("float32", (2, *volume, 3), seed, 0.1, 1)])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"strides": (1, 0, 1)}, "needs strides and dilations of at least 1, found stride_h = 0"),
        ({"fused_activation_function": "TANH"}, "needs a fused activation among"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], expected: str) -> None:
    strides = change.pop("strides", (1, 1, 1))
    g = Builder()
    x, w = g.input((1, 4, 4, 4, 2), "float32"), g.constant(np.ones((2, 2, 2, 2, 3), np.float32))
    steps = {f"stride_{a}": s for a, s in zip("dhw", strides, strict=True)}
    g.op("CONV_3D", [x, w], [g.tensor((1, 3, 3, 3, 3), "float32")], padding="VALID", **steps, **change)
    check(g.model(), [np.zeros((1, 4, 4, 4, 2), np.float32)], expect_refusal=expected)
