"""One shape rule per op. Every expected shape is worked out by hand; tests/oracle compares with LiteRT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from delegraph import InputError, shapes
from delegraph.model import Builder, Op, is_core_op, schema


def op_of(name: str, inputs: Sequence[tuple[int, ...]], outputs: int = 1, **options: Any) -> Op:
    g = Builder()
    given = [g.input(shape, "int32" if i else "float32") for i, shape in enumerate(inputs)]
    g.op(name, given, [g.tensor((), "float32") for _ in range(outputs)], **options)
    return g.model([]).subgraphs[0].ops[0]


def shape_of(name: str, *inputs: Any, outputs: int = 1, **options: Any) -> Any:
    """Infer with inputs given as shapes (tuples), or as values (lists) where they decide."""
    values = [np.array(i) if isinstance(i, list) else None for i in inputs]
    dims = [i if v is None else v.shape for i, v in zip(inputs, values, strict=True)]
    found = shapes.infer(op_of(name, dims, outputs, **options), dims, lambda i: values[i])
    return found[0] if outputs == 1 else found


CASES = [
    ("ADD", [(2, 1, 3), (4, 1)], {}, (2, 4, 3)),
    ("ADD", [(), ()], {}, ()),
    ("ADD", [(0, 3), (1, 3)], {}, (0, 3)),
    (
        "CONV_2D",
        [(1, 7, 8, 3), (5, 3, 3, 3)],
        {"padding": "SAME", "stride_h": 2, "stride_w": 3},
        (1, 4, 3, 5),
    ),
    (
        "CONV_2D",
        [(1, 7, 8, 3), (5, 3, 3, 3)],
        {"padding": "VALID", "stride_h": 2, "stride_w": 3},
        (1, 3, 2, 5),
    ),
    (
        "CONV_2D",
        [(1, 7, 8, 3), (5, 3, 3, 3)],
        {"padding": "VALID", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 3},
        (1, 1, 6, 5),
    ),
    ("CONV_2D", [(1, 4, 4, 6), (8, 1, 1, 3)], {"stride_h": 1, "stride_w": 1}, (1, 4, 4, 8)),  # two groups
    ("DEPTHWISE_CONV_2D", [(2, 5, 5, 3), (1, 3, 3, 6)], {"stride_h": 1, "stride_w": 1}, (2, 5, 5, 6)),
    ("TRANSPOSE_CONV", [[1, 8, 8, 2], (2, 3, 3, 4), (1, 4, 4, 4)], {}, (1, 8, 8, 2)),
    (
        "MAX_POOL_2D",
        [(1, 5, 5, 2)],
        {"padding": "SAME", "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2},
        (1, 3, 3, 2),
    ),
    ("FULLY_CONNECTED", [(2, 3, 4), (5, 12)], {}, (2, 5)),
    ("FULLY_CONNECTED", [(2, 3, 4), (5, 4)], {"keep_num_dims": True}, (2, 3, 5)),
    ("BATCH_MATMUL", [(7, 1, 2, 3), (4, 5, 3)], {"adj_y": True}, (7, 4, 2, 5)),
    ("RESHAPE", [(2, 3, 4), [-1, 6]], {}, (4, 6)),
    ("RESHAPE", [(2, 3)], {"new_shape": (3, 2)}, (3, 2)),
    ("RESHAPE", [(1,)], {"new_shape": (0,)}, ()),
    ("SQUEEZE", [(1, 2, 1)], {}, (2,)),
    ("SQUEEZE", [(1, 2, 1)], {"squeeze_dims": (-1,)}, (1, 2)),
    ("EXPAND_DIMS", [(2, 3), [-1]], {}, (2, 3, 1)),
    ("TRANSPOSE", [(2, 3, 4), [2, 0, 1]], {}, (4, 2, 3)),
    ("SLICE", [(5, 6), [1, 2], [-1, 3]], {}, (4, 3)),
    ("STRIDED_SLICE", [(5, 6), [4, 0], [0, 6], [-2, 1]], {}, (2, 6)),
    ("STRIDED_SLICE", [(5, 6), [1, 0], [2, 6], [1, 1]], {"shrink_axis_mask": 1}, (6,)),
    ("STRIDED_SLICE", [(5, 6, 7), [0, 1], [0, 3], [1, 1]], {"ellipsis_mask": 1}, (5, 6, 2)),
    ("STRIDED_SLICE", [(5,), [0, 1], [0, 3], [1, 1]], {"new_axis_mask": 1}, (1, 2)),
    ("STRIDED_SLICE", [(5,), [1], [3], [1]], {"offset": True}, (3,)),
    ("CONCATENATION", [(2, 3), (2, 5)], {"axis": -1}, (2, 8)),
    ("PACK", [(2, 3), (2, 3)], {"axis": -1, "values_count": 2}, (2, 3, 2)),
    ("PAD", [(2, 3), [[1, 2], [0, 4]]], {}, (5, 7)),
    ("SPACE_TO_BATCH_ND", [(1, 4, 6, 2), [2, 3], [[0, 0], [1, 2]]], {}, (6, 2, 3, 2)),
    ("BATCH_TO_SPACE_ND", [(6, 2, 3, 2), [2, 3], [[0, 0], [1, 2]]], {}, (1, 4, 6, 2)),
    ("MEAN", [(2, 3, 4), [1, -1]], {"keep_dims": True}, (2, 1, 1)),
    ("SUM", [(2, 3, 4), [0]], {}, (3, 4)),
    ("ARG_MAX", [(2, 3, 4), [1]], {}, (2, 4)),
    ("GATHER", [(2, 5, 6), (2, 3)], {"axis": 1, "batch_dims": 1}, (2, 3, 6)),
    ("GATHER_ND", [(2, 5, 6), (7, 2)], {}, (7, 6)),
    ("ONE_HOT", [(2, 3), [5], (), ()], {"axis": -1}, (2, 3, 5)),
    ("WHERE", [[[1, 0], [1, 1]]], {}, (3, 2)),
    ("RANGE", [[10], [0], [-3]], {}, (4,)),
    ("FILL", [[2, 3], ()], {}, (2, 3)),
    ("SHAPE", [(2, 3, 4)], {}, (3,)),
    ("RFFT2D", [(2, 8, 9), [8, 16]], {}, (2, 8, 9)),
    ("DEPTH_TO_SPACE", [(1, 2, 3, 8)], {"block_size": 2}, (1, 4, 6, 2)),
    ("RESIZE_BILINEAR", [(1, 2, 3, 4), [7, 5]], {}, (1, 7, 5, 4)),
    ("SCATTER_ND", [(2, 1), (2, 3), [4, 3]], {}, (4, 3)),
    ("SEGMENT_SUM", [(4, 3), [0, 0, 1, 2]], {}, (3, 3)),
    ("UNSORTED_SEGMENT_SUM", [(4, 3), (4,), [7]], {}, (7, 3)),
    ("DILATE", [(3, 4), [2, 3], ()], {}, (5, 10)),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", [(5, 2, 3)] + [(4, 3)] * 4 + [(4, 4)] * 4, {}, (5, 2, 4)),
]


@pytest.mark.parametrize(("name", "inputs", "options", "expected"), CASES, ids=lambda v: str(v)[:30])
def test_the_output_shape(
    name: str, inputs: list[Any], options: dict[str, Any], expected: tuple[int, ...]
) -> None:
    assert shape_of(name, *inputs, **options) == expected


def test_ops_with_several_outputs() -> None:
    assert shape_of("SPLIT", [1], (2, 6), outputs=3, num_splits=3) == [(2, 2)] * 3
    assert shape_of("SPLIT_V", (7,), [2, -1], [0], outputs=2, num_splits=2) == [(2,), (5,)]
    assert shape_of("UNPACK", (2, 3), outputs=2, num=2, axis=0) == [(3,), (3,)]
    assert shape_of("TOPK_V2", (2, 9), [4], outputs=2) == [(2, 4), (2, 4)]
    assert shape_of("UNIQUE", [3, 1, 3], outputs=2) == [(2,), (3,)]


@pytest.mark.parametrize(
    ("name", "inputs", "options", "message"),
    [
        ("ADD", [(2,), (3,)], {}, "op #0 ADD v1 needs shapes that broadcast, found 2 and 3"),
        ("RESHAPE", [(2, 3), [4, -1]], {}, "needs a new shape of 6 values, found (4, -1) for input 2×3"),
        ("SCATTER_ND", [(2, 3), (2,), [4, 3]], {}, "needs indices of at most 2 numbers, found shape 2×3"),
        ("PRELU", [(2, 1), (4,)], {}, "needs slopes that broadcast to 2×1, found shape 4"),
        ("SCATTER_ND", [(), (), [4]], {}, "needs indices of at most 1 numbers, found shape"),
        ("TRANSPOSE", [(2, 3), [0, 0]], {}, "needs a permutation of 2 axes, found (0, 0)"),
        (
            "TRANSPOSE_CONV",
            [[9, 8, 8, 2], (2, 3, 3, 4), (1, 4, 4, 4)],
            {},
            "needs an output of batch 1 and 2 channels, found shape (9, 8, 8, 2)",
        ),
        (
            "TRANSPOSE_CONV",
            [[1, 8, 8, 5], (2, 3, 3, 4), (1, 4, 4, 4)],
            {},
            "needs an output of batch 1 and 2 channels, found shape (1, 8, 8, 5)",
        ),
        (
            "TRANSPOSE_CONV",
            [[1, 8, 8, 2], (2, 0, 3, 4), (1, 4, 4, 4)],
            {},
            "needs filter sizes of at least 1, found (0, 3)",
        ),
        (
            "DYNAMIC_UPDATE_SLICE",
            [(2, 3), (2, 4), [0, 0]],
            {},
            "needs an update inside of shape 2×3, found shape 2×4",
        ),
        (
            "STRIDED_SLICE",
            [(2, 3), [0, 0], [1], [1, 1]],
            {},
            "needs begins, ends and strides that are equally many, found 2, 1 and 2",
        ),
        ("ADD", [(2, 3), (2, 3), (2, 3)], {}, "needs two inputs, found 3"),
        ("CONV_2D", [(1, 4, 4, 3), (5, 3, 3, 3)], {}, "needs strides of at least 1, found (0, 0)"),
        ("CONV_2D", [(1, 4, 4), (5, 3, 3, 3)], {}, "needs input 0 of rank 4, found shape 1×4×4"),
        (
            "SQUEEZE",
            [(2, 1)],
            {"squeeze_dims": (0,)},
            "axes of size 1 to squeeze, found axes [0] of 2×1",
        ),
        ("GATHER", [(2, 3), (4,)], {"axis": 2}, "an axis from -2 to 1, found 2"),
        ("PAD", [(2, 3), [[1, -1], [0, 0]]], {}, "2 pairs of paddings of at least 0"),
        ("SLICE", [(5,), [4], [2]], {}, "a slice inside shape 5"),
    ],
    ids=lambda v: str(v)[:20],
)
def test_shapes_that_do_not_fit_are_named(
    name: str, inputs: list[Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as e:
        shape_of(name, *inputs, **options)
    assert message in str(e.value)


def test_a_value_that_is_not_known_yet_leaves_the_shape_unknown() -> None:
    op = op_of("RESHAPE", [(2, 3), (2,)])
    assert shapes.infer(op, [(2, 3), (2,)], lambda i: None) == [None]


def test_a_slice_of_unequal_lengths_is_refused_before_its_values_are_known() -> None:
    sizes = [(2, 3), (2,), (1,), (2,)]
    with pytest.raises(InputError, match="equally many, found 2, 1 and 2"):
        shapes.infer(op_of("STRIDED_SLICE", sizes), sizes, lambda i: None)


def test_every_op_that_a_delegate_may_run_in_litert_has_a_rule() -> None:
    """The schema's ops, less core's own, the deprecated ones, and STABLEHLO ops that LiteRT only stores."""
    missing = {
        name
        for name in schema.ENUMS["BuiltinOperator"].names
        if not shapes.has_rule(name) and not is_core_op(name) and not name.startswith("STABLEHLO_")
    }
    assert missing == {"CUSTOM", "DELEGATE", "CONCAT_EMBEDDINGS", "PLACEHOLDER_FOR_GREATER_OP_CODES"}


@pytest.mark.parametrize("offset_dims", [[-1], [2**31 - 1], [0, 1]])
def test_offset_axes_of_a_gather_that_are_none_of_the_result_are_refused(offset_dims: list[int]) -> None:
    options = {"offset_dims": offset_dims, "collapsed_slice_dims": [0], "slice_sizes": [1, 4]}
    with pytest.raises(InputError, match=r"STABLEHLO_GATHER v1 needs 1 offset_dims from 0 to 1, found"):
        shape_of("STABLEHLO_GATHER", (3, 4), (2, 1), index_vector_dim=1, **options)
