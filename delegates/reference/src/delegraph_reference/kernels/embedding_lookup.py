"""EMBEDDING_LOOKUP: rows of a table, picked by number.

Source: tflite/kernels/embedding_lookup.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport, needs, shape_text
from delegraph.rules import (
    in_blocks,
    one_scale_at_most,
    operand,
    rows_of_table,
    scales_found,
    scales_of_blocks,
    shape_of,
)

from ..blockwise import real_of_blocks
from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import EVERY_TYPE, check_indices


def prepare(op: Op) -> Kernel:
    """rows: (n,), table: (rows, *rest) -> (n, *rest)."""
    size = shape_of(op.inputs[1])[0]

    def run(rows: np.ndarray, table: np.ndarray) -> tuple[np.ndarray]:
        check_indices(rows, size, "rows")
        return (table.take(rows, 0),)

    return run


def prepare_blockwise(op: Op) -> Kernel:
    """A table in blocks along its last axis gives floats: stored * the block's scale."""
    scales, dtype = scales_of_blocks(operand(op, 1)), DTYPES[op.outputs[0].dtype].numpy

    @quietly
    def run(rows: np.ndarray, stored: np.ndarray) -> tuple[np.ndarray]:
        check_indices(rows, len(scales), "rows")
        picked = real_of_blocks(stored.take(rows, 0), scales.take(rows, 0))
        return (picked.astype(dtype, copy=False),)

    return run


def prepare_dequantized(op: Op) -> Kernel:
    """A quantized table gives floats: stored * scale, with one scale or one a row; zero points are 0."""
    table = op.inputs[1]
    assert table is not None
    assert table.quantization is not None
    shape, scales = shape_of(table), table.quantization.scale.astype(np.float32)
    dtype = DTYPES[op.outputs[0].dtype].numpy
    ones = (1,) * (len(shape) - 1)

    @quietly
    def run(rows: np.ndarray, stored: np.ndarray) -> tuple[np.ndarray]:
        check_indices(rows, shape[0], "rows")
        factors = scales[rows].reshape(-1, *ones) if len(scales) > 1 else scales[0]
        return ((stored.take(rows, 0).astype(np.float32) * factors).astype(dtype, copy=False),)

    return run


@needs("one scale, or one for each row, and zero points of 0")
def symmetric_rows(op: Op) -> str | None:
    table = op.inputs[1]
    assert table is not None
    q = table.quantization
    if q is None or not len(q.scale):
        return scales_found(table)
    if q.zero_point.any():
        return f"zero points {sorted({int(z) for z in q.zero_point})[:4]}"
    if len(q.scale) == 1 or (q.axis == 0 and len(q.scale) == shape_of(table)[0]):
        return None
    return f"{len(q.scale)} scales along axis {q.axis} of {shape_text(shape_of(table))}"


SUPPORT = [
    OpSupport(
        "EMBEDDING_LOOKUP",
        (1, 5),
        "int32 T -> T",
        T=EVERY_TYPE,
        constraints=(rows_of_table, one_scale_at_most),
        kernel=prepare,
    ),
    OpSupport(
        "EMBEDDING_LOOKUP",
        (1, 5),
        "int32 int8|int4|int2 -> float32|float16",
        constraints=(rows_of_table, symmetric_rows),
        kernel=prepare_dequantized,
    ),
    OpSupport(
        "EMBEDDING_LOOKUP",
        (1, 5),
        "int32 int8|int4|int2 -> float32|float16",
        constraints=(rows_of_table, in_blocks()),
        kernel=prepare_blockwise,
    ),
]
