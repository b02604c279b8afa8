"""The version of an op in a graph that is being edited."""

from __future__ import annotations

from .spec import OpTypes, version
from .writer import LEFT_OUT, EditedOp, GraphEdit


def settled_version(graph: GraphEdit, node: EditedOp) -> int:
    """Return the version that the op's operands and options ask for."""
    return version(node.name, _operands(graph, node), node.options)


def _operands(graph: GraphEdit, node: EditedOp) -> OpTypes:
    """Return what an op's version depends on."""
    tensors = [None if i == LEFT_OUT else graph.tensors[i] for i in node.inputs]
    shapes = [t.shape or () for t in tensors if t is not None]
    told = next((t for t in (*tensors[1:2], *tensors[:1]) if t is not None), None)
    q = None if told is None else told.quantization
    return OpTypes(
        ["" if t is None else t.dtype for t in tensors],
        [graph.tensors[i].dtype for i in node.outputs],
        max(map(len, shapes), default=0),
        len(shapes) > 1 and shapes[0] != shapes[1],
        q is not None and len(q.scale) > 1,
        node.name == "CONV_2D" and len(shapes) > 1 and shapes[0][-1:] != shapes[1][-1:],
    )
