"""A model of each op that LiteRT has no kernel of, so that the matrix has no recipe for it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from delegraph import Builder
from delegraph_conformance.draft import Draft
from flatbuffers import flexbuffers

FLOAT = "float32"


def drafts() -> dict[str, Draft]:
    """Return the models by op."""
    return {op: _draft(op, make) for op, make in {**_ELEMENTWISE, **_MOVES, **_SUMS, **_MEDIAPIPE}.items()}


def _draft(op: str, make: Callable[[Draft], None]) -> Draft:
    draft = Draft(op, _VERSIONS.get(op, 1), FLOAT)
    make(draft)
    return draft


def _each(count: int, dtype: str = FLOAT, out: str = "", **options: Any) -> Callable[[Draft], None]:
    """Return what makes an op of so many tensors, value by value."""

    def make(d: Draft) -> None:
        d.op([d.input((2, 3), dtype) for _ in range(count)], [d.output((2, 3), out or dtype)], **options)

    return make


def _of(
    shapes: Sequence[tuple[int, ...]], out: Sequence[tuple[int, ...]], **options: Any
) -> Callable[[Draft], None]:
    """Return what makes an op of float32 tensors of these shapes."""

    def make(d: Draft) -> None:
        d.op([d.input(s, FLOAT) for s in shapes], [d.output(s, FLOAT) for s in out], **options)

    return make


def _select(d: Draft) -> None:
    d.op(
        [d.input((2, 3), "bool"), d.input((2, 3), FLOAT), d.input((2, 3), FLOAT)], [d.output((2, 3), FLOAT)]
    )


def _dynamic_slice(d: Draft) -> None:
    starts = [d.index(1), d.index(0)]
    d.op([d.input((4, 3), FLOAT), *starts], [d.output((2, 2), FLOAT)], slice_sizes=[2, 2])


def _dynamic_update(d: Draft) -> None:
    starts = [d.index(1), d.index(0)]
    d.op([d.input((4, 3), FLOAT), d.input((2, 2), FLOAT), *starts], [d.output((4, 3), FLOAT)])


def _iota(d: Draft) -> None:
    d.op([], [d.output((2, 3), "int32")], iota_dimension=1)


def _reduce(d: Draft) -> None:
    body = _body(d, "STABLEHLO_ADD", FLOAT)
    inputs = [d.input((2, 3, 4), FLOAT), d.constant(0, FLOAT)]
    d.op(inputs, [d.output((2, 4), FLOAT)], dimensions=[1], body_subgraph_index=body.index)


def _sort(d: Draft) -> None:
    less = "STABLEHLO_COMPARISON_DIRECTION_LT"
    body = _body(d, "STABLEHLO_COMPARE", "bool", comparison_direction=less)
    d.op(
        [d.input((3, 5), FLOAT)],
        [d.output((3, 5), FLOAT)],
        dimension=1,
        comparator_subgraph_index=body.index,
    )


def _transposed(d: Draft) -> None:
    weights, bias = (d.constant(d.random(FLOAT, shape), FLOAT) for shape in ((2, 3, 3, 3), (2,)))
    options = struct.pack("<3i", 1, 2, 2)  # SAME, strides of 2
    inputs = [d.input((1, 4, 4, 3), FLOAT), weights, bias]
    d.op(inputs, [d.output((1, 8, 8, 2), FLOAT)], custom_options=options)


def _body(d: Draft, op: str, out: str, **options: Any) -> Builder:
    """Return a subgraph of two float32 scalars and one op."""
    body = d.builder.subgraph("body")
    operands = [body.input((), FLOAT), body.input((), FLOAT)]
    body.returns(body.op(op, operands, [body.tensor((), out)], **options))
    return body


_ELEMENTWISE = {
    **{
        f"STABLEHLO_{name}": _each(1)
        for name in "ABS CBRT COSINE EXPONENTIAL FLOOR LOG LOGISTIC NEGATE RSQRT TANH".split()
    },
    **{f"STABLEHLO_{name}": _each(2) for name in "DIVIDE POWER REMAINDER SUBTRACT".split()},
    "STABLEHLO_CLAMP": _each(3),
    "STABLEHLO_COMPARE": _each(2, out="bool", comparison_direction="STABLEHLO_COMPARISON_DIRECTION_GT"),
    "STABLEHLO_CONVERT": _each(1, out="int32"),
    "STABLEHLO_OR": _each(2, "int32"),
    "STABLEHLO_SELECT": _select,
}
_MOVES = {
    "STABLEHLO_BROADCAST_IN_DIM": _of([(3, 1)], [(2, 4, 3)], broadcast_dimensions=[2, 1]),
    "STABLEHLO_CONCATENATE": _of([(2, 3), (2, 1)], [(2, 4)], dimension=1),
    "STABLEHLO_DYNAMIC_SLICE": _dynamic_slice,
    "STABLEHLO_DYNAMIC_UPDATE_SLICE": _dynamic_update,
    "STABLEHLO_IOTA": _iota,
    "STABLEHLO_RESHAPE": _of([(2, 3)], [(3, 2)]),
    "STABLEHLO_SLICE": _of([(5, 7)], [(2, 3)], start_indices=[1, 0], limit_indices=[5, 7], strides=[2, 3]),
    "STABLEHLO_SORT": _sort,
    "STABLEHLO_TRANSPOSE": _of([(2, 3)], [(3, 2)], permutation=[1, 0]),
}
_SUMS = {
    "STABLEHLO_CONVOLUTION": _of(
        [(1, 5, 6, 2), (3, 2, 2, 4)],
        [(1, 3, 5, 4)],
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
    ),
    "STABLEHLO_DOT_GENERAL": _of(
        [(2, 3, 4), (2, 4, 5)],
        [(2, 3, 5)],
        lhs_batching_dimensions=[0],
        rhs_batching_dimensions=[0],
        lhs_contracting_dimensions=[2],
        rhs_contracting_dimensions=[1],
    ),
    "STABLEHLO_REDUCE": _reduce,
}
_POOL = struct.pack("<8i", 1, 2, 2, 2, 2, 0, -1, -1)  # SAME, strides and sizes of 2, no activation
_SIZE = {"output_height": 4, "output_width": 5}
_CROP = {
    "subset_idxs": [0, 1, 2],
    "left_rotation_idx": 0,
    "right_rotation_idx": 1,
    "target_rotation_radians": 0.0,
    **_SIZE,
    "scale_x": 1.0,
    "scale_y": 1.0,
}
_POSES = {"max_detections": 3, "score_threshold": 0.5, "stride": 16, "nms_radius": 20.0}
_MEDIAPIPE = {
    "Convolution2DTransposeBias": _transposed,
    "MaxPoolingWithArgmax2D": _of([(1, 6, 4, 3)], [(1, 3, 2, 3)] * 2, custom_options=_POOL),
    "MaxUnpooling2D": _of([(1, 3, 2, 3)] * 2, [(1, 6, 4, 3)], custom_options=_POOL),
    "PosenetDecoderOp": _of(
        [(1, 9, 9, 17), (1, 9, 9, 34), (1, 9, 9, 64)],
        [(1, 3, 17, 2), (1, 3, 17), (1, 3), (1,)],
        custom_options=bytes(flexbuffers.Dumps(_POSES)),
    ),
    "Landmarks2TransformMatrix": _of(
        [(1, 3, 3)], [(1, 4, 4)], custom_options=bytes(flexbuffers.Dumps(_CROP))
    ),
    "TransformLandmarks": _of([(1, 2, 3), (1, 4, 4)], [(1, 2, 3)], custom_options=b""),
    "TransformTensorBilinear": _of(
        [(1, 4, 5, 2), (1, 4, 4)], [(1, 4, 5, 2)], custom_options=bytes(flexbuffers.Dumps(_SIZE))
    ),
}
_VERSIONS = {"TransformLandmarks": 2, "TransformTensorBilinear": 2, "Landmarks2TransformMatrix": 2}
