"""Matrix products, diagonals and spectra."""

from __future__ import annotations

from ..model import Shape
from ..text import shape_text
from ._rule import Inputs, broadcast, product


def fully_connected(inputs: Inputs) -> list[Shape]:
    """FULLY_CONNECTED: weights (units, depth); the input is flattened to rows of ``depth`` values."""
    shape, (units, depth) = inputs.shape(0), inputs.shape(1, rank=2)
    if inputs.options.keep_num_dims:
        if not shape or shape[-1] != depth:
            inputs.fail(f"a last axis of {depth}", f"shape {shape_text(shape)}")
        return [(*shape[:-1], units)]
    if not depth:
        return [(product(shape[:-1]), units)]
    if product(shape) % depth:
        inputs.fail(f"a multiple of {depth} input values", f"shape {shape_text(shape)}")
    return [(product(shape) // depth, units)]


def batch_matmul(inputs: Inputs) -> list[Shape]:
    x, y = inputs.shape(0), inputs.shape(1)
    if min(len(x), len(y)) < 2:
        inputs.fail("operands of rank 2 or more", f"{shape_text(x)} and {shape_text(y)}")
    rows, inner = x[-2:][::-1] if inputs.options.adj_x else x[-2:]
    inner_y, columns = y[-2:][::-1] if inputs.options.adj_y else y[-2:]
    if inner != inner_y:
        inputs.fail("inner sizes that agree", f"{shape_text(x)} and {shape_text(y)}")
    return [(*broadcast(inputs, [x[:-2], y[:-2]]), rows, columns)]


def matrix_diag(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    return [(*shape, shape[inputs.axis(-1, len(shape))])]


def rfft2d(inputs: Inputs) -> list[Shape]:
    """RFFT2D: input 1 holds the lengths (height, width) of the transform."""
    shape, (height, width) = inputs.shape(0), inputs.ints(1, 2)
    if len(shape) < 2 or min(height, width) < 1:
        inputs.fail(
            "a matrix, and lengths of at least 1",
            f"shape {shape_text(shape)} and lengths {(height, width)}",
        )
    return [(*shape[:-2], height, width // 2 + 1)]


RULES = {
    "BATCH_MATMUL": batch_matmul,
    "FULLY_CONNECTED": fully_connected,
    "MATRIX_DIAG": matrix_diag,
    "RFFT2D": rfft2d,
}
