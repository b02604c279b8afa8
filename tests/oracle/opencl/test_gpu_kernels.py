"""Convolutions and pools with the kernels for GPUs, in every cut that may be chosen, against LiteRT."""

from __future__ import annotations

from typing import Any

import litert
import numpy as np
import pytest
from delegraph import Builder, Model, window, write_model
from delegraph_opencl.gpu import convolution, depthwise, pool
from one_op import difference, random_array
from one_op_opencl import run
from weighted import KINDS, Draw, weighted_model

DRAW = Draw(3, True, False, 1.0, (5, 0, 0), 0.5)
TILES = [*convolution.TILED, *convolution.DIRECT]

# Sizes that no tile divides: batch, height, width, channels and filters of a group, groups; then filter,
# strides, dilations, padding.
CONVOLUTIONS = {
    "fours": ((2, 9, 11, 20, 37, 1), (3, 3), (1, 1), (1, 1), "SAME"),
    "three channels": ((1, 13, 9, 3, 24, 1), (3, 3), (2, 2), (1, 1), "SAME"),
    "pointwise": ((1, 12, 11, 36, 70, 1), (1, 1), (1, 1), (1, 1), "SAME"),
    "strided points": ((3, 7, 7, 8, 5, 1), (1, 1), (2, 3), (1, 1), "VALID"),
    "dilated": ((1, 14, 12, 8, 9, 1), (3, 2), (1, 1), (2, 3), "SAME"),
    "groups": ((2, 6, 5, 4, 6, 3), (2, 3), (1, 2), (1, 1), "VALID"),
    "groups of odd sizes": ((1, 6, 5, 5, 3, 2), (3, 3), (1, 1), (1, 1), "SAME"),
    "one channel": ((1, 8, 8, 1, 1, 1), (5, 5), (1, 1), (1, 1), "SAME"),
}


def _convolution(
    kind: str, sizes: str, draw: Draw = DRAW, **options: Any
) -> tuple[Model, list[np.ndarray]]:
    (batch, height, width, depth, filters, groups), filter, strides, dilations, padding = CONVOLUTIONS[
        sizes
    ]
    places = _places((height, width), filter, strides, dilations, padding)
    return weighted_model(
        "CONV_2D",
        KINDS[kind],
        draw,
        (batch, height, width, depth * groups),
        (filters * groups, *filter, depth),
        (batch, *places, filters * groups),
        **_windows(strides, dilations, padding),
        **options,
    )


def _places(
    image: tuple[int, int],
    filter: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    padding: str,
) -> list[int]:
    axes = zip(image, filter, strides, dilations, strict=True)
    return [window(n, f, s, d, padding).output for n, f, s, d in axes]


def _windows(strides: tuple[int, int], dilations: tuple[int, int], padding: str) -> dict[str, Any]:
    names = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    return {**dict(zip(names, (*strides, *dilations), strict=True)), "padding": padding}


def _check(
    model: Model, inputs: list[np.ndarray], precision: str = "float32", rtol: float | None = None
) -> None:
    theirs = litert.run(write_model(model), inputs, "BUILTIN_REF")
    ours, (steps, claimed) = run(model, inputs, {"kernels": "gpu", "precision": precision})
    for a, b in zip(ours, theirs, strict=True):
        allowed = claimed if rtol is None else rtol
        problem = difference(a, b, steps=steps, rtol=allowed)
        assert problem is None, problem


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that leaves one tile to choose from, or one cut of another kernel."""

    def choose(tile: Any, module: Any = convolution, rule: str = "tiles") -> None:
        monkeypatch.setattr(module, rule, lambda *args: [tile])

    return choose


# Every cut, on sizes that it does not divide.


@pytest.mark.parametrize("sizes", ["fours", "three channels", "pointwise"])
@pytest.mark.parametrize("tile", TILES, ids=str)
def test_every_tile_of_a_convolution(only: Any, tile: convolution.Tile, sizes: str) -> None:
    only(tile)
    _check(*_convolution("float32", sizes))


@pytest.mark.parametrize("splits", [2, 4, 8])
@pytest.mark.parametrize("sizes", ["fours", "three channels", "groups", "dilated"])
def test_a_depth_that_is_cut(only: Any, splits: int, sizes: str) -> None:
    only(convolution.Tile(32, 32, 4, 4, splits))
    _check(*_convolution("float32", sizes, fused_activation_function="RELU6"))


@pytest.mark.parametrize("cut", convolution.DOTS, ids=str)
@pytest.mark.parametrize(
    ("rows", "depth", "units"), [(1, 130, 37), (2, 7, 1), (3, 64, 10), (8, 33, 100), (1, 1, 1)]
)
def test_every_cut_of_a_product_of_few_rows(
    only: Any, cut: tuple[int, int], rows: int, depth: int, units: int
) -> None:
    only(cut, rule="dots")
    _check(
        *weighted_model(
            "FULLY_CONNECTED", KINDS["float32"], DRAW, (rows, depth), (units, depth), (rows, units)
        )
    )


# image, channels and filters, filter, strides, dilations
DEPTHWISE = {
    "fours": ((2, 9, 11, 20, 20), (3, 3), (1, 1), (1, 1)),
    "strided": ((1, 10, 9, 8, 8), (3, 3), (2, 2), (1, 1)),
    "odd channels": ((1, 6, 13, 5, 5), (5, 2), (1, 2), (1, 1)),
    "several filters for a channel": ((1, 7, 8, 3, 9), (3, 3), (1, 1), (1, 1)),
    "two channels": ((2, 6, 6, 2, 2), (3, 3), (1, 1), (1, 1)),
    "dilated": ((1, 9, 9, 4, 4), (3, 3), (1, 1), (2, 3)),
    "wide": ((1, 5, 30, 4, 4), (1, 21), (1, 1), (1, 1)),
}


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("sizes", DEPTHWISE)
@pytest.mark.parametrize("cut", [(4, 64), (2, 128), (1, 256)], ids=str)
def test_every_cut_of_a_depthwise_convolution(
    only: Any, cut: tuple[int, int], sizes: str, kind: str
) -> None:
    only(cut, depthwise, "cuts")
    (batch, height, width, channels, out), filter, strides, dilations = DEPTHWISE[sizes]
    places = _places((height, width), filter, strides, dilations, "SAME")
    _check(
        *weighted_model(
            "DEPTHWISE_CONV_2D",
            KINDS[kind],
            DRAW,
            (batch, height, width, channels),
            (1, *filter, out),
            (batch, *places, out),
            channel_axis=3,
            depth_multiplier=out // channels,
            **_windows(strides, dilations, "SAME"),
        )
    )


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("channels", [1, 3, 8, 130])
@pytest.mark.parametrize("cut", [(64, 1), (16, 16), (8, 32), (32, 4)], ids=str)
def test_every_cut_of_a_pool(only: Any, cut: tuple[int, int], channels: int, op: str) -> None:
    only(cut, pool, "cuts")
    g = Builder()
    x = g.input((2, 9, 8, channels), "float32")
    places = _places((9, 8), (5, 3), (2, 1), (1, 1), "SAME")
    windows = {"stride_h": 2, "stride_w": 1, "filter_height": 5, "filter_width": 3, "padding": "SAME"}
    g.op(op, [x], [g.tensor((2, *places, channels), "float32")], **windows)
    _check(g.model(), [random_array("float32", (2, 9, 8, channels), 5)])


# output, filter, strides, channels, filters, padding
TRANSPOSED = {
    "doubled": ((1, 12, 14), (2, 2), (2, 2), 8, 21, "SAME"),
    "overlapping": ((2, 9, 8), (3, 3), (2, 2), 20, 16, "SAME"),
    "without overlap": ((1, 10, 9), (2, 2), (3, 4), 5, 3, "VALID"),
    "not strided": ((1, 6, 7), (3, 4), (1, 1), 4, 1, "SAME"),
    "strided one way": ((1, 11, 7), (4, 3), (3, 1), 5, 3, "VALID"),
}


@pytest.mark.parametrize("tile", [TILES[3], convolution.DIRECT[0]], ids=str)
@pytest.mark.parametrize("sizes", TRANSPOSED)
def test_transposed_convolutions_by_phases(only: Any, tile: convolution.Tile, sizes: str) -> None:
    only(tile)
    (batch, *out), filter, strides, channels, filters, padding = TRANSPOSED[sizes]
    axes = list(zip(out, filter, strides, strict=True))
    spatial = [-(-n // s) if padding == "SAME" else (n - f) // s + 1 for n, f, s in axes]
    result = (batch, *out, filters)
    _check(
        *weighted_model(
            "TRANSPOSE_CONV",
            KINDS["float32"],
            Draw(5, True, False, 1.0, (5, 0, 0), 0.3),
            (batch, *spatial, channels),
            (filters, *filter, channels),
            result,
            leading=np.array(result, np.int32),
            stride_h=strides[0],
            stride_w=strides[1],
            padding=padding,
            version=4,
        )
    )


# What is chosen by rule, with other types and with what is merged.


@pytest.mark.parametrize("kind", ["int8", "uint8", "float32 x int8"])
@pytest.mark.parametrize("sizes", CONVOLUTIONS)
def test_convolutions_of_integers(sizes: str, kind: str) -> None:
    _check(*_convolution(kind, sizes))


@pytest.mark.parametrize("is_local_fast", [False, True])
@pytest.mark.parametrize("sizes", CONVOLUTIONS)
def test_the_rule_s_choice_with_either_kind_of_local_memory(
    monkeypatch: pytest.MonkeyPatch, sizes: str, is_local_fast: bool
) -> None:
    monkeypatch.setattr(convolution, "has_fast_local_memory", lambda target: is_local_fast)
    _check(*_convolution("float32", sizes, fused_activation_function="RELU"))


@pytest.mark.parametrize("sizes", ["fours", "three channels", "groups", "pointwise"])
def test_filters_that_are_computed(sizes: str) -> None:
    _check(*_convolution("float32", sizes, Draw(3, True, True, 1.0, (0, 0, 0), 0.5)))


@pytest.mark.parametrize("tile", [TILES[3], convolution.DIRECT[0]], ids=str)
@pytest.mark.parametrize("sizes", ["fours", "three channels", "pointwise", "groups"])
def test_half_precision(only: Any, tile: convolution.Tile, sizes: str) -> None:
    only(tile)
    _check(*_convolution("float32", sizes), precision="float16", rtol=4e-3)


def test_a_padded_convolution_that_is_scaled_added_to_and_stored_between_channels() -> None:
    g = Builder()
    x, other = g.input((1, 6, 7, 8), "float32"), g.input((1, 6, 7, 12), "float32")
    padded, made, scaled, added, wide = (
        g.tensor(shape, "float32") for shape in ((1, 8, 9, 8), *[(1, 6, 7, 12)] * 3, (1, 6, 7, 32))
    )
    rng = np.random.default_rng(2)
    filters = g.constant(rng.uniform(-0.2, 0.2, (12, 3, 3, 8)).astype(np.float32))
    bias, factor = (g.constant(rng.uniform(-1, 1, (12,)).astype(np.float32)) for _ in range(2))
    g.op("PAD", [x, g.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))], [padded])
    g.op("CONV_2D", [padded, filters, bias], [made], stride_h=1, stride_w=1, padding="VALID")
    g.op("MUL", [made, factor], [scaled])
    g.op("ADD", [scaled, other], [added], fused_activation_function="RELU")
    point = g.constant(rng.uniform(-0.5, 0.5, (20, 1, 1, 8)).astype(np.float32))
    no_bias = g.constant(np.zeros(20, np.float32))
    pointed = g.tensor((1, 6, 7, 20), "float32")
    g.op("CONV_2D", [x, point, no_bias], [pointed], stride_h=1, stride_w=1, padding="SAME")
    g.op("CONCATENATION", [added, pointed], [wide], axis=3)
    _check(g.model(), [random_array("float32", (1, 6, 7, n), n, -1, 1) for n in (8, 12)])


def test_measured_cuts_compute_the_same() -> None:
    model, inputs = _convolution("float32", "fours")
    theirs = litert.run(write_model(model), inputs, "BUILTIN_REF")
    ours, (_, rtol) = run(model, inputs, {"kernels": "gpu", "tune": True})
    assert difference(ours[0], theirs[0], rtol=rtol) is None
