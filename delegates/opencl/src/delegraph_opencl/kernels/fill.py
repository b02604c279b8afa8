"""FILL: one value in every place of a new tensor.

Source: tflite/kernels/fill.cc (Eval).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import one_value
from delegraph.rules import same_quantization as quantized_alike

from ..families.elementwise import launches
from ..families.support_rows import float_support, plain_support, same_quantization
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    types, name, constraints = "int32|int64 T -> T", "FILL", [one_value(1, "value")]
    yield from float_support(
        name,
        Kernel(_launches, fuses=True),
        options,
        types,
        last=5,
        constraints=constraints,
        rtol=0,
        quantized_constraints=[same_quantization],
    )
    alike = [*constraints, quantized_alike(slice(1, 2))]
    yield from plain_support(name, Kernel(_launches), options, types, 5, alike, "int32 int64 bool")


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    value = node.input(1)
    return launches(node, target, "{0}", [value])
