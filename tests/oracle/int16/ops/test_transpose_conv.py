"""TRANSPOSE_CONV of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
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
    leading, bias = np.array(shape, np.int32), KINDS[kind].bias.upper()
    options |= {"leading": leading, "version": 5, "quantized_bias_type": bias}
    return weighted_model("TRANSPOSE_CONV", KINDS[kind], draw, *shapes, **options)


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias"])
@settings(max_examples=80, deadline=None)
@given(layout=layouts(), sizes=SIZES, draw=DRAWS, activation=ACTIVATIONS, has_bias=st.booleans())
def test_integers_are_bit_for_bit(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    draw = attrs.evolve(draw, spread=min(draw.spread, 20.0))
    check(*_case(kind, draw, layout, sizes, has_bias=has_bias, fused_activation_function=activation))


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias"])
def test_layers_of_real_sizes(kind: str) -> None:
    layout = {"padding": "SAME", "filter": [4, 4], "out": [32, 32], "input": [16, 16]}
    layout |= {"stride_h": 2, "stride_w": 2}
    check(*_case(kind, Draw(5, True, False, 1.0, (0, 0, 0), 0.3), layout, (1, 48, 24)))
