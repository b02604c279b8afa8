"""BATCH_MATMUL: stacks of matrices times each other, stacks broadcast; either side may be taken transposed.

x: (..., rows, depth), y: (..., depth, columns); adj_x and adj_y: the last two axes are stored swapped.

Source: tflite/delegates/gpu/common/model_builder.cc (BatchedMatMulOperationParser);
tflite/kernels/batch_matmul.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport
from delegraph.rules import constant, matrices, scales_of_columns, symmetric_weights

from ..families.hybrid import is_hybrid, rounded, scales_of, signed
from ..families.movement import stored
from ..families.products import Product, Side, multiplied
from ..families.support_rows import float_support
from ..families.weighted_ops import hybrid_rtol
from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.launch import Arg, Launch, Packed
from ..program.node import Kernel, Node, PostOp, Scaled, Value, centered
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    kernel = Kernel(_launches, fuses=True)
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
    o, x, y, result = node.op.options, node.input(0), node.input(1), node.result
    if not result.size:
        return
    if is_hybrid(x, y):
        yield from _hybrid(node, x, y, target)
        return
    (left, x_scale), (right, y_scale) = _stored(x, result), _stored(y, result)
    scale = x_scale * y_scale
    epilogue = epilogue_of(node, [Scaled("v * {0}", (scale,))] if scale != 1 else [])
    product = Product(
        _side(x, left, result, across=bool(o.adj_x)),
        _side(y, right, result, across=not o.adj_y),
        node.outputs[0],
        result.shape[-2],
        result.shape[-1],
        x.shape[-2 if o.adj_x else -1],
        epilogue,
    )
    yield from multiplied(product, target)


def _hybrid(node: Node, x: Value, y: Value, target: Target) -> Iterator[Launch]:
    """Yield the launches for floats times integers: each row of x is rounded to 8 bits first."""
    o, result, tensor = node.op.options, node.result, y.tensor
    rows, columns, depth = result.shape[-2], result.shape[-1], x.shape[-2 if o.adj_x else -1]
    places = _side(x, x, result, across=bool(o.adj_x))
    starts = places.stacks[:, None] * places.size + np.arange(rows) * places.along
    asymmetric = bool(o.get("asymmetric_quantize_inputs", False))
    shape = (*result.shape[:-1], depth)
    found = rounded(x, shape, starts.reshape(-1), places.deep, asymmetric, target)
    yield from found.launches
    stacks = np.arange(len(places.stacks))
    left = Side(found.value, rows * depth, len(stacks), depth, 1, stacks)
    integers = Packed(f"signed integers of tensor {tensor.index}", lambda: signed(tensor), 4 * tensor.size)
    scales = scales_of(tensor, columns)
    epilogue = epilogue_of(node, [PostOp("v * ({0} * {1}) + 0.0f", (found.per(columns), scales))])
    right = _side(y, integers, result, across=not o.adj_y)
    yield from multiplied(Product(left, right, node.outputs[0], rows, columns, depth, epilogue), target)


def _stored(value: Value, result: Value) -> tuple[Arg, float]:
    """Return an operand as the kernel reads it, and its scale: integers where the result is quantized."""
    tensor = value.root.tensor
    if value.is_constant and result.levels is not None and tensor.scale:
        key = f"integers of tensor {tensor.index}"
        return Packed(key, lambda: centered(tensor)[0], 4 * tensor.size), tensor.scale
    return stored(value), value.scale


def _side(value: Value, arg: Arg, result: Value, across: bool) -> Side:
    """Return an operand; ``across``: its depth lies along the first of its two axes."""
    stacks, (first, second) = value.shape[:-2], value.shape[-2:]
    numbers = np.broadcast_to(np.arange(math.prod(stacks)).reshape(stacks), result.shape[:-2])
    along, deep = (1, second) if across else (second, 1)
    return Side(arg, first * second, math.prod(stacks), along, deep, numbers.reshape(-1))
