"""The support rows of SELECT and SELECT_V2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from delegraph import Constraint, OpSupport

from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node, Value
from ..program.target import Target
from .elementwise import launches
from .support_rows import float_support, plain_support, same_quantization

# (condition, result) -> the condition in the shape in which it is broadcast
Condition = Callable[[Value, Value], Value]


def select_support(
    op: str, options: Options, last: int, condition: Condition, constraints: Sequence[Constraint] = ()
) -> Iterator[OpSupport]:
    """Yield the support rows of an op that picks from x and y by a condition."""

    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        chosen, x, y = (v for v in node.inputs if v is not None)
        operands = [condition(chosen, node.result), x, y]
        yield from launches(node, target, "({0} != 0 ? {1} : {2})", operands)

    types, alike = "bool T T -> T", [same_quantization]
    reals = Kernel(prepare, fuses=True, narrow=True)
    yield from float_support(
        op,
        reals,
        options,
        types,
        last=last,
        constraints=constraints,
        rtol=0,
        quantized_constraints=alike,
        steps=0,
    )
    yield from plain_support(
        op, Kernel(prepare, narrow=True), options, types, last, constraints, "int32 int64 bool"
    )
