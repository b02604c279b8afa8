"""BATCH_MATMUL: stacks of matrices times each other, stacks broadcast; either side may be taken transposed.

x: (..., rows, depth), y: (..., depth, columns); adj_x and adj_y: the last two axes are stored swapped.

Source: tflite/delegates/gpu/common/model_builder.cc (BatchedMatMulOperationParser);
tflite/kernels/batch_matmul.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from delegraph import OpSupport, frozen
from delegraph.rules import constant, matrices, scales_of_columns, symmetric_weights

from ..families.hybrid import is_hybrid, rounded, scales_of, signed
from ..families.movement import stored, strides_of
from ..families.products import Product, Side, multiplied
from ..families.support_rows import float_support
from ..families.weighted_ops import hybrid_rtol
from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.launch import Arg, Launch, Packed
from ..program.node import Kernel, Node, PostOp, Scaled, Value, centered
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    kernel = Kernel(_launches, fuses=True, orders=True)
    yield from float_support(
        "BATCH_MATMUL",
        kernel,
        options,
        last=4,
        constraints=[matrices],
        rtol=1e-5,
        half_rtol=1e-2,
        quantized="int8",
    )
    if options.quantized:
        types, constraints = (
            "float32 int8 -> float32",
            [matrices, constant("y", 1), scales_of_columns, symmetric_weights],
        )
        yield OpSupport("BATCH_MATMUL", (1, 4), types, constraints, kernel, rtol=hybrid_rtol(options))


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, y, result = node.input(0), node.input(1), node.result
    if not result.size:
        return
    if is_hybrid(x, y):
        yield from _hybrid(node, x, y, target)
        return
    (left, x_scale), (right, y_scale) = _stored(x, result), _stored(y, result)
    scale = x_scale * y_scale
    epilogue = epilogue_of(node, [Scaled("v * {0}", (scale,))] if scale != 1 else [])
    a, b, c = _operand(node, 0), _operand(node, 1), _result(node)
    rows, columns, depth = c.shape[-2], c.shape[-1], a.shape[-1]
    begins, (along, across) = c.begins(c.shape), c.strides[-2:]
    sides = (
        Side(left, a.begins(c.shape), *a.strides[-2:]),
        Side(right, b.begins(c.shape), *b.strides[:-3:-1]),
    )
    if across != 1:  # the transposed product, then: both sides the other way round
        sides, rows, columns, along = sides[::-1], columns, rows, across
    product = Product(*sides, node.outputs[0], rows, columns, depth, epilogue, begins, along)
    yield from multiplied(product, target)


def _hybrid(node: Node, x: Value, y: Value, target: Target) -> Iterator[Launch]:
    """Yield the launches for floats times integers: each row of x is rounded to 8 bits first."""
    a, b, shape, tensor = _operand(node, 0), _operand(node, 1), node.result.shape, y.tensor
    rows, columns, depth = shape[-2], shape[-1], a.shape[-1]
    starts = a.begins(shape)[:, None] + np.arange(rows) * a.strides[-2]
    asymmetric = bool(node.op.options.get("asymmetric_quantize_inputs", False))
    found = rounded(x, (*shape[:-1], depth), starts.reshape(-1), a.strides[-1], asymmetric, target)
    yield from found.launches
    left = Side(found.value, np.arange(math.prod(shape[:-2])) * rows * depth, depth, 1)
    integers = Packed(f"signed integers of tensor {tensor.index}", lambda: signed(tensor), 4 * tensor.size)
    scales = scales_of(tensor, columns)
    epilogue = epilogue_of(node, [PostOp("v * ({0} * {1}) + 0.0f", (found.per(columns), scales))])
    right = Side(integers, b.begins(shape), *b.strides[:-3:-1])
    yield from multiplied(Product(left, right, node.outputs[0], rows, columns, depth, epilogue), target)


def _stored(value: Value, result: Value) -> tuple[Arg, float]:
    """Return an operand as the kernel reads it, and its scale: integers where the result is quantized."""
    tensor = value.root.tensor
    if value.is_constant and result.levels is not None and tensor.scale:
        key = f"integers of tensor {tensor.index}"
        return Packed(key, lambda: centered(tensor)[0], 4 * tensor.size), tensor.scale
    return stored(value), value.scale


@frozen
class _Matrices:
    """Where the elements of stacks of matrices lie: axes as the op has them, adjoined ones turned back."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def begins(self, result: Sequence[int]) -> np.ndarray:
        """Return where the matrix begins that is for each one of the result, whose shape this is."""
        tables = [np.arange(n) * s for n, s in zip(self.shape[:-2], self.strides[:-2], strict=True)]
        starts = sum(np.ix_(*tables)) if tables else np.zeros((), np.int64)
        return np.broadcast_to(starts, result[:-2]).reshape(-1)


def _operand(node: Node, number: int) -> _Matrices:
    """Return an operand, (..., rows, depth) or (..., depth, columns)."""
    shape = node.input(number).shape
    order = list(node.orders.get(number, range(len(shape))))
    if node.op.options.adj_y if number else node.op.options.adj_x:
        order[-2:] = order[:-3:-1]
    strides = strides_of(shape)
    return _Matrices(tuple(shape[i] for i in order), tuple(strides[i] for i in order))


def _result(node: Node) -> _Matrices:
    """Return the result, (..., rows, columns), in the place where it is stored."""
    shape = node.result.shape
    order = node.stored_order or range(len(shape))
    places = sorted(range(len(shape)), key=lambda place: order[place])
    strides = strides_of(shape)
    return _Matrices(tuple(shape[i] for i in places), tuple(strides[i] for i in places))
