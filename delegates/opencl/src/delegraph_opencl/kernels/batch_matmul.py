"""BATCH_MATMUL: stacks of matrices times each other, stacks broadcast; either side may be taken transposed.

x: (..., rows, depth), y: (..., depth, columns); adj_x and adj_y: the last two axes are stored swapped.

Source: tflite/delegates/gpu/common/model_builder.cc (BatchedMatMulOperationParser);
tflite/kernels/batch_matmul.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import Op, OpSupport, needs

from ..epilogue import finish
from ..launch import Arg, Launch, Packed
from ..movement import stored
from ..node import Kernel, Node, Scaled, Value, centered
from ..options import Options
from ..products import Product, Side, multiplied
from ..target import Target
from ._moves import constants, shape_of
from ._rows import float_rows


def support(options: Options) -> Iterable[OpSupport]:
    kernel = Kernel(_launches, fuses=True)
    yield from float_rows(
        "BATCH_MATMUL",
        kernel,
        options,
        last=4,
        where=[matrices],
        rtol=1e-5,
        half_rtol=1e-2,
        quantized="int8",
    )
    if options.quantized:  # LiteRT rounds x to 8 bits
        types, where = "float32 int8 -> float32", [matrices, constants("y", 1)]
        yield OpSupport("BATCH_MATMUL", (1, 4), types, where, kernel, rtol=2e-2)


@needs("operands of rank 2 or more")
def matrices(op: Op) -> str | None:
    ranks = [len(shape_of(op, i)) for i in (0, 1)]
    return None if min(ranks) >= 2 else f"ranks {ranks[0]} and {ranks[1]}"


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    o, (x, y), result = node.op.options, node.inputs, node.result
    assert x is not None
    assert y is not None
    if not result.size:
        return
    (left, x_scale), (right, y_scale) = _stored(x, result), _stored(y, result)
    scale = x_scale * y_scale
    epilogue = finish(node, [Scaled("v * {0}", (scale,))] if scale != 1 else [])
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


def _stored(value: Value, result: Value) -> tuple[Arg, float]:
    """Return an operand as the kernel reads it, and its scale: integers where the result is quantized."""
    tensor = value.root.tensor
    if value.is_constant and result.levels is not None and tensor.scale:
        return Packed(f"integers of tensor {tensor.index}", lambda: centered(tensor)[0]), tensor.scale
    return stored(value), value.scale


def _side(value: Value, arg: Arg, result: Value, across: bool) -> Side:
    """Return an operand; ``across``: its depth lies along the first of its two axes."""
    stacks, (first, second) = value.shape[:-2], value.shape[-2:]
    numbers = np.broadcast_to(np.arange(math.prod(stacks)).reshape(stacks), result.shape[:-2])
    along, deep = (1, second) if across else (second, 1)
    return Side(arg, first * second, math.prod(stacks), along, deep, numbers.reshape(-1))
