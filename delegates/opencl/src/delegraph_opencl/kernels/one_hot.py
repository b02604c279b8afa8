"""ONE_HOT: a new axis that holds ``on`` where the index says, and ``off`` elsewhere.

Source: tflite/delegates/gpu/common/model_builder.cc (OneHotOperationParser).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from delegraph import Op, OpSupport, needs
from delegraph.rules import one_value

from ..families.elementwise import launches
from ..families.support_rows import float_support, plain_support, same_quantization
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node, Value
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    types = "int32|int64 int32 T T -> T"
    constraints = [one_value(2, "on"), one_value(3, "off")]
    in_half = [] if options.precision == "float32" else [whole_in_half]
    yield from float_support(
        "ONE_HOT",
        Kernel(_launches, fuses=True),
        options,
        types,
        last=1,
        constraints=[*constraints, *in_half],
        rtol=0,
        quantized_constraints=[same_quantization],
        steps=0,
    )
    yield from plain_support(
        "ONE_HOT", Kernel(_launches), options, types, 1, constraints, "int32 int64 bool"
    )


@needs("a depth of at most 2048, up to which float16 holds every index")
def whole_in_half(op: Op) -> str | None:
    shape = op.outputs[0].shape or (1,)
    depth = shape[op.options.axis % len(shape)]
    return None if depth <= 2048 else str(depth)


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    indices, on, off = node.input(0), node.input(2), node.input(3)
    shape = node.result.shape
    axis = node.op.options.axis % len(shape)
    depth, inner = shape[axis], math.prod(shape[axis + 1 :])
    without = Value(indices.tensor, (*shape[:axis], 1, *shape[axis + 1 :]), indices.dtype, base=indices)
    formula = f"({{0}} == (at + j) / {inner} % {depth} ? {{1}} : {{2}})"
    yield from launches(node, target, formula, [without, on, off], by_vectors=False)
