"""A graph in which one tensor is another, wherever it stands: for generators of programs."""

from __future__ import annotations

import attrs
from delegraph.model import Graph, Tensor


def with_tensor(graph: Graph, tensor: Tensor) -> Graph:
    """Return a graph with this tensor in place of the one that has its index."""

    def now(t: Tensor | None) -> Tensor | None:
        return tensor if t is not None and t.index == tensor.index else t

    ops = [
        attrs.evolve(op, inputs=tuple(map(now, op.inputs)), outputs=tuple(map(now, op.outputs)))
        for op in graph.ops
    ]
    sides = {side: tuple(map(now, getattr(graph, side))) for side in ("tensors", "inputs", "outputs")}
    return attrs.evolve(graph, ops=tuple(ops), **sides)
