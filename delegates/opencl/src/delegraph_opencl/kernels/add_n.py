"""ADD_N: the sum of tensors of one shape.

Source: tflite/delegates/gpu/common/model_builder.cc (AddNOperationParser).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from delegraph import Op, OpSupport
from delegraph.rules import same_shape

from ..families.elementwise import counted, elementwise, launches
from ..families.support_rows import float_support, plain_support
from ..options import Options
from ..program.epilogue import LARGEST, clamped
from ..program.launch import Launch
from ..program.node import Kernel, Node, PostOp
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    kernel, constraints = Kernel(_launches, fuses=True, post_op=_post_op, narrow=True), [same_shape]
    yield from float_support(
        "ADD_N", kernel, options, _TYPES, last=1, constraints=constraints, quantized=""
    )
    yield from plain_support(
        "ADD_N", counted(_sum), options, _TYPES, last=1, constraints=constraints, T="int32"
    )


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """Add one operand after the other; each sum ends in the range of floats, as LiteRT's ADD does."""
    first, second, *others = (v for v in node.inputs if v is not None)
    finite = clamped(-math.inf, math.inf, LARGEST)
    post_ops = [post_op for v in others for post_op in (*finite, PostOp("v + {0}", (v,)))]
    return launches(node, target, _OF_TWO, [first, second], before=post_ops)


def _post_op(node: Node, which: int) -> PostOp | None:
    assert _ADD.post_op is not None
    return _ADD.post_op(node, which) if len(node.inputs) == 2 else None


def _sum(op: Op) -> str:
    return " + ".join(f"{{{i}}}" for i in range(len(op.inputs)))


_TYPES = "T T T* -> T"
_OF_TWO = "{0} + {1}"
_ADD = elementwise(_OF_TWO)
