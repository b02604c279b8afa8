"""From a partition to nodes: values for its tensors, a node for each op, then the rewrites."""

from __future__ import annotations

from delegraph import DelegateFailed, Graph, Partition, Tensor, define

from .node import Node, Value, value_of

# A view may begin at multiples of so many elements: the parts of a buffer begin at multiples of 128 bytes
# on CPUs, of 512 on NVIDIA's GPUs, and an element may be a byte.
ALIGNED = 512


@define(eq=False)
class Lowered:
    """A partition as nodes, in an order in which they can run."""

    nodes: list[Node]
    inputs: list[Value]  # one for each of the partition's inputs
    outputs: list[Value]  # one for each output, then one for each variable's next value
    graph: Graph | None = None


def lowered(partition: Partition) -> Lowered:
    """Return the nodes of a partition, one per op, before any rewrite.

    :raises DelegateFailed: an op has a shape that is not known.
    """
    values: dict[int, Value] = {}

    def value(t: Tensor) -> Value:
        if t.index not in values:
            if t.shape is None:
                raise DelegateFailed(f"tensor {t.index} {t.name!r} has no known shape")
            values[t.index] = value_of(t)
        return values[t.index]

    inputs = [value(t) for t in partition.inputs]
    nodes = []
    for op in partition.ops:
        reads = [None if t is None else value(t) for t in op.inputs]
        writes = [value(t) for t in op.outputs]
        for t in op.variables:  # the state's next value is a value of its own
            values[t.index] = value_of(t)
            writes.append(values[t.index])
        nodes.append(Node(op, partition.rows[op.index].kernel, reads, writes))
    outputs = [value(t) for t in (*partition.outputs, *partition.variables)]
    return Lowered([n for n in nodes if not _is_view(n)], inputs, outputs, partition.graph)


def _is_view(node: Node) -> bool:
    """Let the outputs of a node that moves nothing lie in its input's buffer; say whether it is one."""
    source = node.inputs[0] if node.inputs else None
    if node.kernel.views is None or source is None:
        return False
    offsets = node.kernel.views(node)
    if offsets is None or any(o % ALIGNED for o in offsets):
        return False
    if not all(same_levels(source, out) for out in node.outputs):
        return False
    for out, offset in zip(node.outputs, offsets, strict=True):
        out.base, out.offset = source, offset
    return True


def same_levels(a: Value, b: Value) -> bool:
    """Say whether equal stored numbers mean equal numbers of the file in two values."""
    return (a.dtype, a.levels) == (b.dtype, b.levels)
