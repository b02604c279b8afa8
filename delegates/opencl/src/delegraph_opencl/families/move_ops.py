"""The support rows of ops that only move values, and what they need."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from delegraph import Constraint, Op, OpSupport, needs
from delegraph.rules import parameters_of

from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node, Value
from ..program.target import Target
from .movement import OUTSIDE, moved, strides_of, tables_of

FLOAT_MODELS = "float32 float16 int32 int64 bool"
EVERY_TYPE = f"{FLOAT_MODELS} int8 uint8 int16 uint16 uint32 uint64"
PADDINGS = "int32|int64|int8|int16|bool"  # the types LiteRT reads paddings of


def move_types(options: Options) -> list[str]:
    """Return the types that may be moved."""
    return (EVERY_TYPE if options.quantized else FLOAT_MODELS).split()


def move_support(
    op: str,
    kernel: Kernel,
    options: Options,
    types: str = "T -> T",
    last: int = 2,
    constraints: Iterable[Constraint] = (),
    first: tuple[int, int] = (1, 1),
) -> list[OpSupport]:
    """Return the support rows of an op that moves values of every type.

    :param first: the versions with ``quantized=False``.
    :param last: the last version otherwise; the first is the same.
    """
    versions = (first[0], last) if options.quantized else first
    chosen = " ".join(move_types(options))
    constraints = (*constraints, same_quantization)
    return [OpSupport(op, versions, types, constraints, kernel, rtol=storage_rtol(options), T=chosen)]


def storage_rtol(options: Options) -> float:
    """Return how far a number may be off that is only stored."""
    return 2.0**-11 if options.precision == "float16" else 0.0


@needs("values and output of one scale and zero point")
def same_quantization(op: Op) -> str | None:
    """LiteRT moves stored values as they are, whatever they stand for; of floats it means nothing."""
    if not op.outputs:
        return "no output"
    out = op.outputs[0]
    if out.dtype in ("float32", "float16"):
        return None
    tensors = (t for t in (*op.inputs, *op.outputs) if t is not None and t.dtype == out.dtype)
    found = sorted(set(map(parameters_of, tensors)))
    return None if len(found) < 2 else " and ".join(found)


def ints(op: Op, index: int) -> list[int]:
    """Return the values of a constant input that holds sizes, axes or places, flat."""
    t = op.inputs[index]
    assert t is not None
    return [int(v) for v in np.asarray(t.data).reshape(-1)]


def axis_of(axis: int, rank: int) -> int:
    return axis % rank if rank else 0


def padded(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    """Return the tables of x with what PAD's input 1 says outside of it on either side."""
    for table, paddings in zip(tables, np.reshape(ints(op, 1), (-1, 2)), strict=True):
        yield np.pad(table, paddings, constant_values=OUTSIDE)


def stacked(node: Node, target: Target, axis: int, sizes: Iterable[int]) -> Iterator[Launch]:
    """Yield launches that store the inputs one behind the other along an axis of the output.

    :param sizes: how much of that axis each input takes.
    """
    y, start = node.outputs[0], 0
    strides = strides_of(y.shape)
    for x, size in zip(node.inputs, sizes, strict=True):
        assert x is not None
        shape = (*y.shape[:axis], size, *y.shape[axis + 1 :])
        yield from moved(x, y, tables_of(shape), target, strides=strides, start=start)
        start += size * strides[axis] if strides else 0


def parting(source: int, axis: Callable[[Op], int]) -> Kernel:
    """Return the kernel of an op whose outputs are the parts of an input along an axis, in order.

    :param source: the number of that input.
    """

    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        x = node.input(source)
        for y, tables in zip(node.outputs, _parts(node, x, axis(node.op)), strict=True):
            yield from moved(x, y, tables, target)

    return Kernel(prepare, narrow=True)


def _parts(node: Node, x: Value, axis: int) -> Iterator[list[np.ndarray]]:
    at, start = axis_of(axis, len(x.shape)), 0
    around = math.prod((*x.shape[:at], *x.shape[at + 1 :]))
    for y in node.outputs:
        tables, size = tables_of(x.shape), y.size // around if around else 0
        tables[at] = tables[at][start : start + size]
        yield tables
        start += size
