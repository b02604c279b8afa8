"""TRANSPOSE_CONV against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from delegraph import InputError
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array, run_op
from strategies import ACTIVATIONS, STRIDES
from weighted import DRAWS, KINDS, Draw, weighted_model

SIZES = st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 4))  # batch, channels, filters


@st.composite
def layouts(draw: Any) -> dict[str, Any]:
    """Draw an output (height, width), a filter and strides, and what they leave of the input."""
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    layout: dict[str, Any] = {"padding": padding, "filter": [], "out": [], "input": []}
    for axis in "hw":
        size, stride = draw(st.integers(1, 4)), draw(STRIDES)
        least = 1 if padding == "SAME" else size
        out = draw(st.integers(least, least + 7))
        layout["filter"].append(size)
        layout["out"].append(out)
        layout["input"].append(-(-out // stride) if padding == "SAME" else (out - size) // stride + 1)
        layout[f"stride_{axis}"] = stride
    return layout


def _case(kind: str, draw: Draw, layout: dict[str, Any], sizes: tuple[int, ...], **options: Any) -> Any:
    (batch, depth, filters), options = sizes, layout | options
    filter, out, spatial = options.pop("filter"), options.pop("out"), options.pop("input")
    shape = (batch, *out, filters)
    shapes = ((batch, *spatial, depth), (filters, *filter, depth), shape)
    leading = np.array(shape, np.int32)
    return weighted_model(
        "TRANSPOSE_CONV", KINDS[kind], draw, *shapes, leading=leading, version=4, **options
    )


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@settings(max_examples=80, deadline=None)
@given(layout=layouts(), sizes=SIZES, draw=DRAWS, activation=ACTIVATIONS, has_bias=st.booleans())
def test_integers_are_bit_for_bit(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    draw = attrs.evolve(draw, spread=min(draw.spread, 20.0))
    check(*_case(kind, draw, layout, sizes, has_bias=has_bias, fused_activation_function=activation))


@pytest.mark.parametrize("kind", ["float32", "float32 x int8"])
@settings(max_examples=60, deadline=None)
@given(layout=layouts(), sizes=SIZES, draw=DRAWS, activation=ACTIVATIONS, has_bias=st.booleans())
def test_floats_agree_with_litert(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    check(*_case(kind, draw, layout, sizes, has_bias=has_bias, fused_activation_function=activation))


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8", "float32 x int8"])
def test_layers_of_real_sizes(kind: str) -> None:
    layout = {"padding": "SAME", "filter": [4, 4], "out": [32, 32], "input": [16, 16]}
    layout |= {"stride_h": 2, "stride_w": 2}
    check(*_case(kind, Draw(5, True, False, 1.0, (5, -77, 0), 0.3), layout, (1, 48, 24)))


def test_the_output_s_shape_may_be_computed() -> None:
    g = Builder()
    shape, x = g.input((4,), "int32"), g.input((1, 3, 3, 2), "float32")
    w = g.constant(random_array("float32", (3, 2, 2, 2), 1))
    g.op("TRANSPOSE_CONV", [shape, w, x], [g.tensor((1, 6, 5, 3), "float32")], stride_h=2, stride_w=2)
    arrays = [np.int32([1, 6, 5, 3]), random_array("float32", (1, 3, 3, 2), 2)]
    check(g.model(), arrays)


@pytest.mark.parametrize("shape", [(1, 9, 6, 3), (2, 6, 6, 3), (1, 6, 6, 2), (6, 6, 3)])
def test_an_output_shape_that_does_not_fit_is_an_error(shape: tuple[int, ...]) -> None:
    """LiteRT refuses it while it prepares or invokes."""
    g = Builder()
    w, x = g.constant(random_array("float32", (3, 2, 2, 2), 1)), g.input((1, 3, 3, 2), "float32")
    sizes = g.constant(np.array(shape, np.int32))
    g.op("TRANSPOSE_CONV", [sizes, w, x], [g.tensor(shape, "float32")], stride_h=2, stride_w=2)
    graph = g.model().subgraphs[0]
    with pytest.raises(InputError, match="needs an output shape"):
        run_op(graph.ops[0], graph, [sizes.data, w.data, random_array("float32", (1, 3, 3, 2), 2)])


def test_channels_that_differ_are_refused() -> None:
    g = Builder()
    w, x = g.constant(np.ones((3, 2, 2, 4), np.float32)), g.input((1, 3, 3, 2), "float32")
    sizes, y = g.constant(np.int32([1, 6, 6, 3])), g.tensor((1, 6, 6, 3), "float32")
    g.op("TRANSPOSE_CONV", [sizes, w, x], [y], stride_h=2, stride_w=2)
    arrays = [np.ones((1, 3, 3, 2), np.float32)]
    check(g.model(), arrays, expect_refusal="needs as many input channels as the weights have")
