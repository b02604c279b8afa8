"""Ops of constants are computed once: DEQUANTIZE of float16 weights, DENSIFY, chains of these and
others.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from delegraph import (
    OPERATORS,
    Delegate,
    Partition,
    UnknownDelegate,
    called_subgraphs,
    load_delegate,
)

from ..writer import EditedOp, GraphEdit

_STORED_SMALLER = frozenset(("DEQUANTIZE", "DENSIFY", "CAST"))  # whose outputs are larger for a reason
_MOST_GROWTH = 4096  # bytes that other outputs may be larger than the inputs


def fold_constants(graph: GraphEdit, kept: set[int]) -> int:
    """Fold what can be folded; return how many ops have gone. Without the reference delegate: none."""
    try:
        reference = load_delegate("reference")
    except UnknownDelegate:
        return 0
    left, folded = [], 0
    for node in graph.nodes:
        values = _values(graph, node, kept, reference)
        if values is None:
            left.append(node)
            continue
        folded += 1
        for index, value in zip(node.outputs, values, strict=True):
            graph.change(index, data=value, shape=value.shape, shape_signature=None, sparsity=None)
    graph.nodes = left
    return folded


def _values(
    graph: GraphEdit, node: EditedOp, kept: set[int], reference: Delegate
) -> Sequence[np.ndarray] | None:
    if not node.inputs or not all(i < 0 or graph.is_constant(i) for i in node.inputs):
        return None
    source = node.source
    if node.name not in OPERATORS or node.name.startswith(("RANDOM", "MULTINOMIAL", "STABLEHLO_RNG")):
        return None
    if source is None or called_subgraphs(source) or not kept.isdisjoint(node.outputs):
        return None
    if any(graph.tensors[i].is_variable for i in node.outputs):
        return None
    values = _computed(graph, node, reference)
    grows = sum(v.nbytes for v in values or ()) - sum(graph.tensors[i].nbytes or 0 for i in node.reads)
    return values if node.name in _STORED_SMALLER or grows <= _MOST_GROWTH else None


def _computed(graph: GraphEdit, node: EditedOp, reference: Delegate) -> Sequence[np.ndarray] | None:
    """Return what an op of constants computes; None if the reference delegate does not take it."""
    assert node.source is not None
    inputs = tuple(None if i < 0 else graph.tensors[i] for i in node.inputs)
    outputs = tuple(graph.tensors[i] for i in node.outputs)
    op = attrs.evolve(node.source, inputs=inputs, outputs=outputs)
    row = reference.table.row_for(op, graph.graph)
    if row is None:
        return None
    part = Partition(
        reference, reference.label, (op,), (), outputs, graph=graph.graph, rows={op.index: row}
    )
    return [np.array(value) for value in reference.prepare(part)()]
