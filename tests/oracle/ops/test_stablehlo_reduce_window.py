"""STABLEHLO_REDUCE_WINDOW against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for
from strategies import SEEDS, shapes

NUMBERS = ["float32", "float64", "int8", "uint8", "int32", "int64"]
ARITHMETIC = ["ADD", "MUL", "MAXIMUM", "MINIMUM"]
ARITHMETIC += ["STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM"]
LOGICAL = ["LOGICAL_AND", "LOGICAL_OR", "STABLEHLO_AND"]
WITHOUT_REF = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"  # has STABLEHLO_AND, which BUILTIN_REF lacks


def _body(g: Builder, name: str, dtype: str, **options: Any) -> int:
    """Add a body of one op; return its index."""
    body = g.subgraph("reduce")
    arguments = [body.input((), dtype), body.input((), dtype)]
    body.op(name, arguments, [body.tensor((), dtype)], **options)
    return body.index


@settings(max_examples=150, deadline=None)
@given(shape=shapes(1, 4, 1, 6), data=st.data(), seed=SEEDS)
def test_each_place_of_the_window_gives_one_value(shape: tuple[int, ...], data: Any, seed: int) -> None:
    name = data.draw(st.sampled_from(ARITHMETIC + LOGICAL))
    dtype = data.draw(st.sampled_from(["bool", "int32"] if name in LOGICAL else NUMBERS))
    base, dilations = ([data.draw(st.integers(1, 2)) for _ in shape] for _ in range(2))
    low, high = ([data.draw(st.integers(-1, 2)) for _ in shape] for _ in range(2))
    spread = [(d - 1) * n + 1 for d, n in zip(shape, base, strict=True)]
    high = [max(b, 1 - d - a) for d, a, b in zip(spread, low, high, strict=True)]  # something is left
    padded = [d + a + b for d, a, b in zip(spread, low, high, strict=True)]
    sizes = [data.draw(st.integers(1, (d - 1) // n + 2)) for d, n in zip(padded, dilations, strict=True)]
    strides = [data.draw(st.integers(1, 3)) for _ in shape]
    spec = zip(padded, sizes, dilations, strides, strict=True)
    new = [max((d - (k - 1) * n - 1) // s + 1, 0) for d, k, n, s in spec]
    g = Builder()
    x, init = g.input(shape, dtype), g.input((), dtype)
    g.op(
        "STABLEHLO_REDUCE_WINDOW",
        [x, init],
        [g.tensor(new, dtype)],
        window_dimensions=sizes,
        window_strides=strides,
        base_dilations=base,
        window_dilations=dilations,
        padding=[edge for pair in zip(low, high, strict=True) for edge in pair],
        body_subgraph_index=_body(g, name, dtype),
    )
    limits = {"low": 0.5, "high": 1.5} if dtype.startswith("float") else {}
    arrays = [inputs_for(x, seed, **limits), inputs_for(init, seed + 1, **limits)]
    check(g.model(), arrays, resolver=WITHOUT_REF if name == "STABLEHLO_AND" else "BUILTIN_REF")


def test_whether_any_holds_is_found_though_litert_lacks_the_body() -> None:
    g = Builder()
    x, init = g.input((4,), "bool"), g.input((), "bool")
    body = _body(g, "STABLEHLO_OR", "bool")
    options = {"window_dimensions": [2], "body_subgraph_index": body}
    g.op("STABLEHLO_REDUCE_WINDOW", [x, init], [g.tensor((3,), "bool")], **options)
    arrays = [np.array([False, False, True, False]), np.array(False)]
    found = check(g.model(), arrays, expect_litert_failure=True)
    assert found is not None
    assert found[0].tolist() == [False, True, True]


def _pooling(g: Builder, name: str = "STABLEHLO_MAXIMUM", **options: Any) -> list[np.ndarray]:
    """Add a window of two over four values, with more options; return its inputs."""
    x, init = g.input((4,), "float32"), g.input((), "float32")
    body = options.pop("body_subgraph_index", None) or _body(g, name, "float32")
    given = {"window_dimensions": [2], "body_subgraph_index": body}
    g.op("STABLEHLO_REDUCE_WINDOW", [x, init], [g.tensor((3,), "float32")], **(given | options))
    return [np.array([3, 1, 2, 0], np.float32), np.array(-1, np.float32)]


def test_options_left_out_are_ones_and_no_padding() -> None:
    g = Builder()
    arrays = _pooling(g)
    found = check(g.model(), arrays)
    assert found is not None
    assert found[0].tolist() == [3, 2, 2]


@pytest.mark.parametrize(
    "options",
    [
        {"window_dimensions": []},
        {"window_dimensions": [0]},
        {"window_strides": [0]},
        {"window_dilations": [-1]},
        {"base_dilations": [0]},
        {"window_strides": [1, 1]},
        {"padding": [1]},
    ],
)
def test_a_window_that_does_not_fit_is_refused_as_litert_does(options: dict[str, list[int]]) -> None:
    g = Builder()
    arrays = _pooling(g, **options)
    check(
        g.model(), arrays, expect_refusal="needs 1 to 6 axes, a window, strides and dilations of at least 1"
    )
    assert check(g.model(), arrays) is None


def test_padding_that_leaves_nothing_is_refused_as_litert_does() -> None:
    g = Builder()
    arrays = _pooling(g, padding=[-2, -2])
    check(
        g.model(),
        arrays,
        expect_refusal="needs a tensor that is not empty, nor is after padding, found 4",
    )
    assert check(g.model(), arrays) is None


def test_another_body_is_refused_as_litert_does() -> None:
    g = Builder()
    arrays = _pooling(g, "SUB")
    check(g.model(), arrays, expect_refusal="STABLEHLO_OR, found SUB")
    assert check(g.model(), arrays) is None


def test_a_body_with_an_activation_is_refused() -> None:
    """LiteRT looks at no more than the op's name."""
    g = Builder()
    body = _body(g, "ADD", "float32", fused_activation_function="RELU")
    arrays = _pooling(g, body_subgraph_index=body)
    check(g.model(), arrays, expect_refusal="found ADD with RELU")


def test_a_body_of_two_ops_is_refused_as_litert_does() -> None:
    g = Builder()
    body = g.subgraph("reduce")
    a, b = body.input((), "float32"), body.input((), "float32")
    c = body.op("ADD", [a, b], [body.tensor((), "float32")])
    body.op("MUL", [c, b], [body.tensor((), "float32")])
    arrays = _pooling(g, body_subgraph_index=body.index)
    check(g.model(), arrays, expect_refusal="found ADD, MUL")
    assert check(g.model(), arrays) is None
