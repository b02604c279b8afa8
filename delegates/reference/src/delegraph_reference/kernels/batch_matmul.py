"""BATCH_MATMUL: stacks of matrices times each other, stacks broadcast; either side may be taken transposed.

x: (..., rows, depth), y: (..., depth, columns); adj_x and adj_y: the last two axes are stored swapped.

Source: tflite/kernels/batch_matmul.cc; internal/reference/batch_matmul.h.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import (
    matrices,
    one_scale_at_most,
    one_scale_each,
    operand,
    operand_shape,
    scales_of_columns,
    symmetric_weights,
    zero_point_found,
)

from ..elementwise import quietly
from ..hybrid import LARGEST, quantized_rows
from ..kernel import Kernel
from ..products import exact_type, largest_magnitude
from ..requantize import Requantizer
from ..weights import single_scale, weight_scales


def prepare_float(op: Op) -> Kernel:
    turn = _turner(op)

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        return (np.matmul(*turn(x, y)),)

    return quietly(run)


def prepare_quantized(op: Op) -> Kernel:
    """int8 to int8: sums of (x - zero point) * (y - zero point), rounded twice."""
    turn, out = _turner(op), op.outputs[0]
    x, y = operand(op, 0), operand(op, 1)
    largest = [largest_magnitude("int8", t.zero_point) for t in (x, y)]
    most = _depth(op) * largest[0] * largest[1]
    dtype = exact_type(most)
    finish = Requantizer.of_one_scale(single_scale(op), most, out.zero_point, (-128, 127))

    def run(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray]:
        sums = np.matmul(*turn(_wide(a, x.zero_point, dtype), _wide(b, y.zero_point, dtype)))
        result = np.empty(sums.shape, np.int8)
        finish(sums.reshape(-1, 1), result.reshape(-1, 1))
        return (result,)

    return run


def prepare_sums(op: Op) -> Kernel:
    """int8 to int32: sums of stored values; zero points do not count."""
    turn = _turner(op)
    dtype = exact_type(_depth(op) * 128 * 128)

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        return (np.matmul(*turn(x.astype(dtype), y.astype(dtype))).astype(np.int32),)

    return run


def prepare_hybrid(op: Op) -> Kernel:
    """float32 x, each row quantized while running; int8 y."""
    turn, asymmetric = _turner(op), bool(op.options.asymmetric_quantize_inputs)
    dtype = exact_type(_depth(op) * 128 * LARGEST)

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        rows, columns = turn(x, y)
        values, steps = quantized_rows(rows.reshape(-1, rows.shape[-1]), asymmetric)
        sums = np.matmul(values.reshape(rows.shape).astype(dtype, copy=False), columns.astype(dtype))
        scales = weight_scales(op, columns.shape[-1])
        factors = steps.reshape(*rows.shape[:-1], 1) * scales
        products = np.multiply(sums, factors, dtype=np.float32, casting="same_kind")
        return (np.add(products, np.float32(0), out=products),)  # -0.0 becomes 0.0, as in LiteRT

    return quietly(run)


def _turner(op: Op) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a function that gives both sides as they are multiplied."""
    adj_x, adj_y = bool(op.options.adj_x), bool(op.options.adj_y)
    return lambda x, y: (x.swapaxes(-1, -2) if adj_x else x, y.swapaxes(-1, -2) if adj_y else y)


def _depth(op: Op) -> int:
    return operand_shape(op, 0)[-2 if op.options.adj_x else -1]


def _wide(x: np.ndarray, zero_point: int, dtype: np.dtype) -> np.ndarray:
    return np.asarray(np.subtract(x, zero_point, dtype=dtype))


@needs("no more than one batch axis longer than 1 on each side")
def one_batch_axis(op: Op) -> str | None:
    """LiteRT takes the rows' scales and the columns' sums from wrong places otherwise."""
    x, y = operand_shape(op, 0), operand_shape(op, 1)
    stacked = x[:-2]
    if not op.options.adj_x and len(x) > 2 and len(y) > 2 and y[-3] == 1:
        stacked = x[:-3]  # this axis LiteRT counts among the rows
    for stack, shape in ((stacked, x), (y[:-2], y)):
        if sum(n > 1 for n in stack) > 1:
            return f"shape {shape_text(shape)}"
    return f"shape {shape_text(y)}" if len(y) == 5 and y[0] > 1 else None


@needs("operands with zero point 0")
def unshifted(op: Op) -> str | None:
    return zero_point_found(operand(op, 0)) or zero_point_found(operand(op, 1))


SUPPORT = [
    OpSupport("BATCH_MATMUL", (1, 4), "float32 float32 -> float32", (matrices,), prepare_float),
    OpSupport("BATCH_MATMUL", (1, 4), "int8 int8 -> int8", (matrices, one_scale_each), prepare_quantized),
    OpSupport(
        "BATCH_MATMUL", (1, 4), "int8 int8 -> int32", (matrices, one_scale_at_most, unshifted), prepare_sums
    ),
    OpSupport(
        "BATCH_MATMUL",
        (1, 4),
        "float32 int8 -> float32",
        (matrices, scales_of_columns, symmetric_weights, one_batch_axis),
        prepare_hybrid,
    ),
]
