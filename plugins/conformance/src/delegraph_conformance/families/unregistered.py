"""Ops that LiteRT has no kernel of: StableHLO's, and custom ops of MediaPipe and Coral."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from delegraph import Builder
from flatbuffers import flexbuffers

from ..draft import Draft
from ..recipe import EVERY_TYPE, Variants

SHAPE = (2, 3)
FLOATS = ("float32", "float16", "bfloat16", "float64")
WHOLE = ("int8", "uint8", "uint16", "int32", "uint32", "int64", "uint64")
ORDERED = ("float32", "float16", "float64", *WHOLE, "bool")
SIGNED = ("int8", "int32", "int64")
QUOTIENTS = (*FLOATS, *WHOLE)
SUMMED = ("float32", "float64", "int32", "int64")
CONVERTED = (*FLOATS, "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "bool", "complex64")
STARTS = ("int32", "int64", "uint32")
DIRECTION = "STABLEHLO_COMPARISON_DIRECTION_"
SHAPES: Variants = {"rank 0": {"shape": ()}, "rank 5": {"shape": (2, 1, 2, 1, 3)}}


LIMITS: dict[str, Any] = {
    "STABLEHLO_LOG": {"low": 0.1, "high": 9},
    "STABLEHLO_RSQRT": {"low": 0.1, "high": 9},
    "STABLEHLO_EXPONENTIAL": {"low": -3, "high": 3},
}


def one(d: Draft, t: str, shape: Sequence[int] = SHAPE) -> None:
    d.op([d.input(shape, t, **LIMITS.get(d.name, {}))], [d.output(shape, t)])


def two(d: Draft, t: str, shape: Sequence[int] = SHAPE) -> None:
    """Integers are small where powers would wrap in ways of their own, and no divisor is 0."""
    first: dict[str, Any] = {"low": -60, "high": 60}
    second: dict[str, Any] = {"low": 1, "high": 4}
    if d.name == "STABLEHLO_POWER":
        first = {"low": 0, "high": 3}
    elif d.name in ("STABLEHLO_OR", "STABLEHLO_SUBTRACT"):
        first = second = {}
    d.op([d.input(shape, t, **first), d.input(shape, t, **second)], [d.output(shape, t)])


def clamp(d: Draft, t: str, shape: Sequence[int] = SHAPE, bounds: Sequence[int] = ()) -> None:
    limits: dict[str, Any] = {} if t == "bool" else {"low": 0, "high": 3}
    above: dict[str, Any] = {} if t == "bool" else {"low": 3, "high": 5}
    x = d.input(shape, t)
    d.op([d.input(bounds, t, **limits), x, d.input(bounds, t, **above)], [d.output(shape, t)])


BOUNDS: Variants = {"bounds of each value": {"bounds": SHAPE}}


def compare(d: Draft, t: str, shape: Sequence[int] = SHAPE, direction: str = "GT") -> None:
    operands = [d.input(shape, t) for _ in range(2)]
    d.op(operands, [d.output(shape, "bool")], comparison_direction=DIRECTION + direction)


DIRECTIONS: Variants = {name: {"direction": name} for name in ("EQ", "NE", "LT", "LE", "GE")}


def convert(d: Draft, a: str, b: str) -> None:
    low = 0 if "u" in a[0] + b[0] else -8
    x = d.input(SHAPE, a) if a == "bool" else d.input(SHAPE, a, low=low, high=7)
    d.op([x], [d.output(SHAPE, b)])


def select(d: Draft, t: str, condition: Sequence[int] = SHAPE) -> None:
    d.op([d.input(condition, "bool"), d.input(SHAPE, t), d.input(SHAPE, t)], [d.output(SHAPE, t)])


ONE_CONDITION: Variants = {"one condition": {"condition": ()}}


def broadcast_in_dim(d: Draft, t: str) -> None:
    d.op([d.input((3, 1), t)], [d.output((2, 4, 3), t)], broadcast_dimensions=[2, 1])


def concatenate(d: Draft, t: str) -> None:
    d.op([d.input((2, 3), t), d.input((2, 1), t)], [d.output((2, 4), t)], dimension=1)


def dynamic_slice(d: Draft, t: str, i: str) -> None:
    starts = [d.input((), i, n) for n in (1, 2)]
    d.op([d.input((4, 3), t), *starts], [d.output((2, 2), t)], slice_sizes=[2, 2])


def dynamic_update_slice(d: Draft, t: str, i: str) -> None:
    starts = [d.input((), i, n) for n in (3, 0)]
    d.op([d.input((4, 3), t), d.input((2, 2), t), *starts], [d.output((4, 3), t)])


def iota(d: Draft, t: str, axis: int = 1) -> None:
    d.op([], [d.output((2, 3), t)], iota_dimension=axis)


def reshape(d: Draft, t: str) -> None:
    d.op([d.input((2, 3), t)], [d.output((3, 2), t)])


def slice_(d: Draft, t: str) -> None:
    options = {"start_indices": [1, 0], "limit_indices": [5, 7], "strides": [2, 3]}
    d.op([d.input((5, 7), t)], [d.output((2, 3), t)], **options)


def transpose(d: Draft, t: str, shape: Sequence[int] = (2, 3, 4), order: Sequence[int] = (2, 0, 1)) -> None:
    d.op([d.input(shape, t)], [d.output([shape[k] for k in order], t)], permutation=list(order))


def reduce(d: Draft, t: str, function: str = "STABLEHLO_ADD", low: int = 0, high: int = 3) -> None:
    limits: dict[str, Any] = {"low": low, "high": high} if t != "bool" else {}
    body = _body(d, "STABLEHLO_OR" if t == "bool" else function, t, t)
    inputs = [d.input((2, 3, 4), t, **limits), d.constant(1 if t != "bool" else False, t)]
    d.op(inputs, [d.output((2, 4), t)], dimensions=[1], body_subgraph_index=body.index)


FUNCTIONS: Variants = {
    name: {"function": f"STABLEHLO_{name}"} for name in ("MAXIMUM", "MINIMUM", "MULTIPLY")
}


def sort(d: Draft, t: str, other: str = "", direction: str = "LT") -> None:
    body = d.builder.subgraph("comparator")
    pairs = [body.input((), each) for each in (t, other) if each for _ in range(2)]
    options: dict[str, Any] = {"comparison_direction": DIRECTION + direction}
    body.returns(body.op("STABLEHLO_COMPARE", pairs[:2], [body.tensor((), "bool")], **options))
    values = [d.input((3, 5), each) for each in (t, other) if each]
    outputs = [d.output((3, 5), each) for each in (t, other) if each]
    d.op(values, outputs, dimension=1, is_stable=True, comparator_subgraph_index=body.index)


FALLING: Variants = {"falling": {"direction": "GT"}}


def dot_general(d: Draft, t: str, out: str = "") -> None:
    operands = [d.input(shape, t, low=0 if "u" in t[0] else -5, high=5) for shape in ((2, 3, 4), (2, 4, 5))]
    d.op(
        operands,
        [d.output((2, 3, 5), out or t)],
        lhs_batching_dimensions=[0],
        rhs_batching_dimensions=[0],
        lhs_contracting_dimensions=[2],
        rhs_contracting_dimensions=[1],
    )


def convolution(d: Draft, t: str) -> None:
    """An image (1, 5, 6, 2) under windows of 3 × 2 that are read from right to left."""
    d.op(
        [d.input((1, 5, 6, 2), t, low=-5, high=5), d.input((3, 2, 2, 4), t, low=-5, high=5)],
        [d.output((1, 3, 5, 4), t)],
        window_strides=[1, 1],
        padding=[0, 0, 0, 0],
        lhs_dilation=[1, 1],
        rhs_dilation=[1, 1],
        window_reversal=[False, True],
        input_batch_dimension=0,
        input_feature_dimension=3,
        input_spatial_dimensions=[1, 2],
        kernel_input_feature_dimension=2,
        kernel_output_feature_dimension=3,
        kernel_spatial_dimensions=[0, 1],
        output_batch_dimension=0,
        output_feature_dimension=3,
        output_spatial_dimensions=[1, 2],
        feature_group_count=1,
        batch_group_count=1,
    )


def _body(d: Draft, op: str, t: str, out: str) -> Builder:
    """Return a subgraph of two scalars and one op."""
    body = d.builder.subgraph("body")
    operands = [body.input((), t), body.input((), t)]
    body.returns(body.op(op, operands, [body.tensor((), out)]))
    return body


# MediaPipe's and Coral's


def transpose_bias(d: Draft, t: str) -> None:
    """SAME, strides of 2."""
    weights, bias = d.constant(d.random(t, (2, 3, 3, 3)), t), d.constant([0.5, -1.0], t)
    image, options = d.input((1, 4, 4, 3), t), struct.pack("<3i", 1, 2, 2)
    d.op([image, weights, bias], [d.output((1, 8, 8, 2), t)], custom_options=options)


POOL = struct.pack("<8i", 1, 2, 2, 2, 2, 0, -1, -1)  # SAME, strides and sizes of 2, no activation


def pool_with_argmax(d: Draft, t: str) -> None:
    d.op([d.input((1, 6, 4, 3), t)], [d.output((1, 3, 2, 3), t) for _ in range(2)], custom_options=POOL)


def unpooling(d: Draft, t: str, pooled: bool = False) -> None:
    """Each value's place in its window of 2 × 2 is a number with 0.1 added, or what a pooling found."""
    if pooled:
        g, shape = d.builder, (1, 3, 2, 3)
        of_windows = [d.output(shape, t) for _ in range(2)]
        found = g.op("MaxPoolingWithArgmax2D", [d.input((1, 6, 4, 3), t)], of_windows, custom_options=POOL)
        d.op(found, [d.output((1, 6, 4, 3), t)], custom_options=POOL)
        return
    places = (np.arange(18) * 7 % 4).reshape(1, 3, 2, 3) + 0.1
    values = d.input((1, 3, 2, 3), t), d.input((1, 3, 2, 3), t, places)
    d.op(values, [d.output((1, 6, 4, 3), t)], custom_options=POOL)


def posenet(d: Draft, heat: str, short: str, middle: str) -> None:
    """One pose whose keypoints lie in one cell."""
    maps = [np.full((1, 9, 9, 17), -4.0), np.zeros((1, 9, 9, 34)), np.zeros((1, 9, 9, 64))]
    maps[0][0, 3, 4], maps[0][0, 3, 4, 0] = 2, 4
    inputs = []
    for values, t in zip(maps, (heat, short, middle), strict=True):
        stored = {"scale": 0.125, "zero_point": 128} if t == "uint8" else {}
        inputs.append(d.input(values.shape, t, values * 8 + 128 if stored else values, **stored))
    shapes = ((1, 3, 17, 2), (1, 3, 17), (1, 3), (1,))
    options = {"max_detections": 3, "score_threshold": 0.5, "stride": 16, "nms_radius": 20.0}
    d.op(inputs, [d.output(s, "float32") for s in shapes], custom_options=bytes(flexbuffers.Dumps(options)))


def landmarks_to_matrix(d: Draft, t: str) -> None:
    """Version 1: an upright face, relative to a range; 2: one that is turned by 90 degrees, in pixels."""
    ends = {"left_rotation_idx": 0, "right_rotation_idx": 1}
    if d.version == 1:
        points = d.input((1, 1, 1, 9), t, [20, 40, 1, 60, 40, 2, 40, 80, 3])
        options: dict[str, Any] = {"input_hw": [101, 101], "output_hw": [11, 11], "dimensions": 3}
        options |= {"landmarks_range": 100, "bbox_size_multiplier": 2.0, "subset": [0, 1, 2]}
    else:
        points = d.input((1, 3, 3), t, [2, 1, 7, 2, 3, 7, 6, 2, 7])
        options = {"subset_idxs": [0, 1, 2], "target_rotation_radians": 0.0, "scale_x": 1.0, "scale_y": 1.0}
        options |= {"output_height": 20, "output_width": 10}
    d.op([points], [d.output((1, 4, 4), t)], custom_options=bytes(flexbuffers.Dumps(options | ends)))


MATRIX = np.array([[2, 1, 0, 0.5], [-1, 3, 0, 0.25], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)


def transform_landmarks(d: Draft, t: str) -> None:
    """Version 1 has the points in a row and takes a scale; 2 has one in each row."""
    shape, options = ((1, 2, 3), b"") if d.version == 2 else ((1, 1, 1, 6), _scaled())
    operands = [d.input(shape, t), d.input((1, 4, 4), t, MATRIX)]
    d.op(operands, [d.output(shape, t)], custom_options=options)


def _scaled() -> bytes:
    return bytes(flexbuffers.Dumps({"dimensions": 3, "scale": 10.0}))


def transform_bilinear(d: Draft, t: str) -> None:
    """Half the size: each pixel of the output has its center between four of the image."""
    half = np.array([[2, 0, 0, 0.5], [0, 2, 0, 0.5], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    if d.version == 2:
        half[:2, 3] = 0
        options: dict[str, Any] = {"output_height": 2, "output_width": 3}
    else:
        options = {"mode": "bilinear", "output_size": [2, 3]}
    operands = [d.input((1, 4, 6, 2), t), d.input((1, 4, 4), t, half)]
    d.op(operands, [d.output((1, 2, 3, 2), t)], custom_options=bytes(flexbuffers.Dumps(options)))


MOVED = [f"{t}:int32" for t in EVERY_TYPE] + [f"float32:{i}" for i in STARTS[1:]]
REDUCED = ("float32", "float64", "int8", "uint8", "int32", "uint32", "int64", "uint64", "bool")
MATRIX_ORDER: Variants = {"a matrix": {"shape": (2, 3), "order": (1, 0)}}
SORTED = [*ORDERED, *(f"{t}:float32" for t in ORDERED), *(f"float32:{t}" for t in ORDERED[1:])]
WIDER = ("int8>int32", "uint8>int32", "float16>float32", "bfloat16>float32")
DOTS = [*FLOATS, "int8", "uint8", "int32", "uint32", "int64", *WIDER]
POSES = ["float32:float32:float32", "uint8:uint8:uint8", "float32:uint8:uint8"]
