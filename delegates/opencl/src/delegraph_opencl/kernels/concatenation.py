"""CONCATENATION: tensors one behind the other along an axis.

Source: tflite/delegates/gpu/common/model_builder.cc (ConcatenationOperationParser);
tflite/kernels/concatenation.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from delegraph import Op, OpSupport, needs
from delegraph.rules import (
    no_activation,
    one_scale_at_most,
    same_quantization,
    scaled,
    scales_found,
    scales_of,
)

from ..families.move_ops import axis_of, move_types, stacked, storage_rtol
from ..families.reach import within_reach
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    """Inputs of uint8 of another scale or zero point than the output's are brought to it."""
    others = [t for t in move_types(options) if t not in ("int8", "uint8")]
    last = 7 if options.quantized else 1
    kernel, types, rtol = Kernel(_launches, narrow=True, views=_views), "T T* -> T", storage_rtol(options)
    constraints = [no_activation, same_quantization()]
    yield OpSupport("CONCATENATION", (1, last), types, constraints, kernel, rtol=rtol, T=" ".join(others))
    if options.quantized:
        stored = [scaled_alike, one_scale_at_most]
        for T, rules in (
            ("int8", [*constraints, *stored]),
            ("uint8", [no_activation, *stored, within_reach]),
        ):
            yield OpSupport("CONCATENATION", (1, last), types, rules, kernel, steps=1, T=T)


def _views(node: Node) -> list[int] | None:
    """One input alone is the output, where its scale is the output's."""
    (x, *more), out = node.inputs, node.outputs[0]
    return [0] if not more and x is not None and x.scale == out.scale else None


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    axis = axis_of(node.op.options.axis, len(node.outputs[0].shape))
    return stacked(node, target, axis, [x.shape[axis] for x in node.inputs if x is not None])


@needs("a scale on each tensor, or on none")
def scaled_alike(op: Op) -> str | None:
    tensors = [t for t in (*op.inputs, *op.outputs) if t is not None]
    if odd := next((t for t in tensors if len(scales_of(t)) and not scaled(t)), None):
        return f"{scales_found(odd)} on {odd.name!r}"
    return None if len({scaled(t) for t in tensors}) == 1 else "one on some of them"
