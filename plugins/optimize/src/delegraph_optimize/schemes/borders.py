"""Inputs and outputs of a model as integers, in place of the QUANTIZE and DEQUANTIZE at its border."""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Quantization, Record, escaped

from ..versioned import settled_version
from ..writer import EditedOp, GraphEdit, ModelEdit
from .integer import Ranges
from .numbers import activation_quantization

INTEGERS = ("int8", "uint8", "int16")
_SHIFT = 128  # from int8 to the uint8 of the same real number


def integer_inputs(edit: ModelEdit, graph: GraphEdit, dtype: str, ranges: Ranges) -> None:
    """Let callers give the float inputs of a graph as integers."""
    for index in tuple(graph.inputs):
        if graph.tensors[index].dtype != "float32":
            continue
        near = [n for n in graph.nodes if n.name == "QUANTIZE" and n.inputs == [index]]
        same = [n for n in near if graph.tensors[n.outputs[0]].dtype == dtype]
        if same:
            _enter_by(edit, graph, index, same[0])
        else:
            q = _as_type(graph.tensors[near[0].outputs[0]].quantization if near else None, dtype)
            _enter(edit, graph, index, dtype, _known(q, graph, index, dtype, ranges))


def integer_outputs(edit: ModelEdit, graph: GraphEdit, dtype: str, ranges: Ranges) -> None:
    """Give callers the float outputs of a graph as integers."""
    for index in tuple(graph.outputs):
        if graph.tensors[index].dtype != "float32" or index in graph.inputs or graph.is_constant(index):
            continue
        made_by = graph.producers().get(index)
        source = made_by.inputs[0] if made_by is not None and made_by.name == "DEQUANTIZE" else index
        tensor = graph.tensors[source]
        if tensor.dtype == dtype:
            out = source
        else:
            q = _known(_as_type(tensor.quantization, dtype), graph, index, dtype, ranges)
            out = graph.add("", dtype, tensor, quantization=q)
            _append(graph, "QUANTIZE", source, out)
        name = graph.tensors[index].name
        graph.change(index, name=f"{name}_float32")
        graph.change(out, name=name)
        edit.reroute_output(graph, index, out)


def _enter_by(edit: ModelEdit, graph: GraphEdit, index: int, node: EditedOp) -> None:
    """Let callers give what a QUANTIZE wrote."""
    entry = node.outputs[0]
    graph.nodes = [n for n in graph.nodes if n is not node]
    _rename(edit, graph, index, entry)


def _enter(edit: ModelEdit, graph: GraphEdit, index: int, dtype: str, q: Quantization) -> None:
    """Give a graph another input; what read the floats gets them of it."""
    entry = graph.add("", dtype, graph.tensors[index], quantization=q)
    for node in graph.nodes:
        if node.name == "QUANTIZE" and node.inputs == [index]:
            node.inputs = [entry]
            node.version = settled_version(graph, node)
    _rename(edit, graph, index, entry)


def _rename(edit: ModelEdit, graph: GraphEdit, index: int, entry: int) -> None:
    name = graph.tensors[index].name
    graph.change(index, name=f"{name}_float32")
    graph.change(entry, name=name)
    edit.reroute_input(graph, index, entry)
    if any(index in node.reads for node in graph.nodes) or index in graph.outputs:
        graph.nodes.insert(0, _conversion(graph, "DEQUANTIZE", entry, index))


def _append(graph: GraphEdit, name: str, source: int, target: int) -> None:
    graph.nodes.append(_conversion(graph, name, source, target))


def _conversion(graph: GraphEdit, name: str, source: int, target: int) -> EditedOp:
    table = "DequantizeOptions" if name == "DEQUANTIZE" else "QuantizeOptions"
    node = EditedOp(name, [source], [target], Record(table, {}))
    node.version = settled_version(graph, node)
    return node


def _as_type(q: Quantization | None, dtype: str) -> Quantization | None:
    """Return int8's scale for uint8; None where there is none to go by."""
    if q is None or dtype != "uint8" or np.abs(q.zero_point).max(initial=0) > _SHIFT:
        return None
    return Quantization(q.scale, q.zero_point + _SHIFT, q.axis)


def _known(
    q: Quantization | None, graph: GraphEdit, index: int, dtype: str, ranges: Ranges
) -> Quantization:
    """Return the scale of an input or output; what nobody reads or writes may have any.

    :raises InputError: there is nothing to go by.
    """
    if q is not None:
        return q
    found = ranges(index, dtype)
    if isinstance(found, str) and any(index in (*node.reads, *node.outputs) for node in graph.nodes):
        name = escaped(graph.tensors[index].name)
        raise InputError(f"{name!r} as {dtype} needs a range: {found}; leave inputs and outputs float")
    return activation_quantization(*((0.0, 0.0) if isinstance(found, str) else found), dtype)
