"""Narrow values: on CPUs, the numbers of a tensor quantized to 8 bits lie in memory as bytes.

That is a quarter of the memory that real numbers take, and a convolution can multiply bytes. A value is
narrow only where all of its neighbors can deal with it, so that nothing is converted on the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from .lowering import Lowered
from .node import Value
from .target import Target


def narrow(lowered: Lowered, target: Target) -> None:
    """Make all values narrow whose nodes have kernels for it (``Kernel.narrow``)."""
    if not target.stores_bytes:
        return
    values = {id(v): v for v in _values(lowered)}.values()
    wide = _wide(lowered)
    for value in values:
        value.narrow = value.levels is not None and not value.is_constant and id(value.root) not in wide


def _values(lowered: Lowered) -> Iterator[Value]:
    """Yield every value, and those that it lies in."""
    ends = [*lowered.inputs, *lowered.outputs]
    for value in (*ends, *(v for node in lowered.nodes for v in (*node.reads, *node.outputs))):
        found: Value | None = value
        while found is not None:
            yield found
            found = found.base


def _wide(lowered: Lowered) -> set[int]:
    """Return the ``id`` of each value, by root, that some kernel needs as real numbers.

    The operands of an epilogue are not among them: all epilogues read narrow values.
    """
    nodes = [node for node in lowered.nodes if not node.kernel.narrow]
    return {id(v.root) for node in nodes for v in (*node.inputs, *node.outputs) if v is not None}
