"""CONV_3D_TRANSPOSE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import InputError
from delegraph.model import Builder
from delegraph.numbers import window
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array, run_op
from strategies import ACTIVATIONS, SEEDS

SIDES = st.tuples(*[st.integers(1, 6)] * 3)
STEPS = st.tuples(*[st.integers(1, 2)] * 3)
FILTERS = st.tuples(*[st.integers(1, 3)] * 3)


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
    spatial = [
        window(*axis, padding).output for axis in zip(volume, filter, strides, dilations, strict=True)
    ]
    g = Builder()
    shape, x = g.constant(np.int32([2, *volume, 4])), g.input((2, *spatial, 3), "float32")
    w = g.constant(random_array("float32", (*filter, 4, 3), 1, 0.1, 1))
    b = [g.constant(np.float32([1, 2, 0, 3]))] if bias else []
    steps = {f"stride_{a}": s for a, s in zip("dhw", strides, strict=True)}
    steps |= {f"dilation_{a}_factor": d for a, d in zip("dhw", dilations, strict=True)}
    options = {"padding": padding, "fused_activation_function": activation, **steps}
    g.op("CONV_3D_TRANSPOSE", [shape, w, x, *b], [g.tensor((2, *volume, 4), "float32")], **options)
    check(g.model(), [random_array("float32", (2, *spatial, 3), seed, 0.1, 1)])


@pytest.mark.parametrize("shape", [(1, 9, 2, 2, 3), (1, 2, 2, 2, 4), (2, 2, 2, 2, 3)])
def test_an_output_shape_that_does_not_fit_is_an_error(shape: tuple[int, ...]) -> None:
    g = Builder()
    w, x = g.constant(random_array("float32", (1, 1, 1, 3, 2), 1)), g.input((1, 2, 2, 2, 2), "float32")
    sizes = g.constant(np.array(shape, np.int32))
    strides = {f"stride_{a}": 1 for a in "dhw"}
    g.op("CONV_3D_TRANSPOSE", [sizes, w, x], [g.tensor(shape, "float32")], **strides)
    graph = g.model().subgraphs[0]
    with pytest.raises(InputError, match="needs an output shape"):
        run_op(graph.ops[0], graph, [sizes.data, w.data, random_array("float32", (1, 2, 2, 2, 2), 2)])
