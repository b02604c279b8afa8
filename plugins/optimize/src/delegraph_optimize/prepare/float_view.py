"""The float view of a quantized model: what its integers stand for, computed in floats.

Constants become the real numbers that they stand for; activations lose their rounding, and their limits
where only a scale said them.
"""

from __future__ import annotations

from collections import Counter

import attrs
import numpy as np
from delegraph import Quantization, Record, options_record

from ..real import is_quantized, real_values
from ..spec import SPECS
from ..versioned import settled_version
from ..writer import LEFT_OUT, EditedOp, GraphEdit, ModelEdit, cleaned
from .fold import fold_constants
from .sparse import densify

# Whose integer kernels have this activation, whatever the options say.
_TANH_ALWAYS = frozenset(("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"))
_BORDERS = ("QUANTIZE", "DEQUANTIZE")
# What they count or choose by is no number of the model, though a file may give it a scale.
_INDICES = frozenset(("SHAPE", "ARG_MAX", "ARG_MIN"))


def float_view(edit: ModelEdit) -> str:
    """Turn a quantized model into floats; return in words what it was, "" where it was all floats."""
    was = _kinds(edit)
    for graph in edit.graphs:
        densify(graph)
        fold_constants(graph, edit.kept(graph))
        _say_scales(graph)
        _dequantize(graph)
        _without_checks(graph)
        _without_borders(edit, graph)
        cleaned(edit, graph)
        for node in graph.nodes:
            _settle(graph, node)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(was.items()))


def _kinds(edit: ModelEdit) -> Counter[str]:
    """Count what is quantized, by its type."""
    found: Counter[str] = Counter()
    for graph in edit.graphs:
        named = {i for node in graph.nodes for i in (*node.reads, *node.outputs)}
        for tensor in (graph.tensors[i] for i in named):
            if is_quantized(tensor) or (tensor.is_constant and tensor.dtype in ("float16", "bfloat16")):
                found[f"{tensor.dtype} {'constants' if tensor.is_constant else 'activations'}"] += 1
    return found


def _say_scales(graph: GraphEdit) -> None:
    """Give integer biases without a scale the one that kernels take them for: that of the products."""
    for node in graph.nodes:
        spec = SPECS.get(node.name)
        roles = {} if spec is None else {o.role: i for i, o in enumerate(spec.inputs) if o.role in "xwb"}
        if "b" not in roles or roles["b"] >= len(node.inputs) or node.inputs[roles["b"]] == LEFT_OUT:
            continue
        x, weights, bias = (graph.tensors[node.inputs[roles[role]]] for role in "xwb")
        q = weights.quantization
        if bias.dtype in ("int32", "int64") and not is_quantized(bias) and x.scale and q and len(q.scale):
            scales = np.asarray(q.scale * np.float32(x.scale), np.float32)
            points = np.zeros(len(scales), np.int64)
            graph.change(bias.index, quantization=Quantization(scales, points, 0))


def _dequantize(graph: GraphEdit) -> None:
    """Turn the tensors of a graph into floats, but for what DENSIFY is still to make dense, and what a
    variable begins as.
    """
    indices = {i for node in graph.nodes if node.name in _INDICES for i in node.outputs} | _counts(graph)
    borders = [node for node in graph.nodes if node.name == "DEQUANTIZE"]
    halves = {node.inputs[0] for node in borders}
    first = [node for node in borders if graph.tensors[node.outputs[0]].is_variable]
    kept = {node.inputs[0] for node in first if graph.is_constant(node.inputs[0])}
    for tensor in tuple(graph.tensors):
        halved = tensor.index in halves and tensor.dtype in ("float16", "bfloat16")
        if (
            not (halved or is_quantized(tensor))
            or tensor.index in indices | kept
            or tensor.sparsity is not None
        ):
            continue
        values = real_values(tensor) if tensor.is_constant else None
        graph.change(tensor.index, dtype="float32", quantization=None, data=values)


def _counts(graph: GraphEdit) -> set[int]:
    """Return tensors of wide integers that count, whatever scale a file gives them: but for biases, and for
    what is turned into other integers or floats.
    """
    real = {node.inputs[place] for node in graph.nodes for place in _biases(node)}
    real.update(i for node in graph.nodes if node.name in _BORDERS for i in (*node.reads, *node.outputs))
    return {t.index for t in graph.tensors if t.dtype in ("int32", "int64")} - real


def _biases(node: EditedOp) -> list[int]:
    spec = SPECS.get(node.name)
    if spec is None:
        return []
    is_cell = any(operand.role == "r" for operand in spec.inputs)  # all of whose wide integers are biases
    return [i for i in range(len(node.inputs)) if is_cell or spec.input(i).role == "b"]


def _without_checks(graph: GraphEdit) -> None:
    """Let what says how far integers are from floats say how far floats are: it takes integers alone."""
    for node in graph.nodes:
        if node.name == "NumericVerify" and graph.tensors[node.inputs[0]].dtype == "float32":
            node.name, node.options = "SUB", options_record("SUB")
            if node.source is not None:
                node.source = attrs.evolve(node.source, custom_options=b"")


def _without_borders(edit: ModelEdit, graph: GraphEdit) -> None:
    """Take out what turned floats into integers and back: it has floats on both sides now."""
    left = []
    kept = edit.kept(graph)
    for node in graph.nodes:
        is_border = node.name in _BORDERS and all(
            graph.tensors[i].dtype == "float32" for i in (node.inputs[0], node.outputs[0])
        )
        if not is_border:
            left.append(node)
        elif graph.tensors[node.outputs[0]].is_variable:  # which the next run reads, too
            left.append(_copying(graph, node))
        elif node.outputs[0] not in kept:
            graph.reroute(node.outputs[0], node.inputs[0])
        elif node.inputs[0] not in kept and not graph.is_constant(node.inputs[0]):
            _take_over(graph, node.inputs[0], node.outputs[0], left)
        else:
            left.append(_copying(graph, node))
    graph.nodes = left


def _take_over(graph: GraphEdit, old: int, new: int, done: list[EditedOp]) -> None:
    """Let what is written to one tensor be written to another, which callers know."""
    for node in (*done, *graph.nodes):
        node.outputs = [new if i == old else i for i in node.outputs]
        node.replace_input(old, new)


def _copying(graph: GraphEdit, node: EditedOp) -> EditedOp:
    """Return an op that copies: an input, or a constant, is an output, too."""
    shape = np.asarray(graph.tensors[node.inputs[0]].shape or (), np.int32)
    told = graph.add(f"{graph.tensors[node.outputs[0]].name}_shape", "int32", data=shape)
    options = Record("ReshapeOptions", {"new_shape": shape})
    return EditedOp("RESHAPE", [node.inputs[0], told], node.outputs, options, source=None)


def _settle(graph: GraphEdit, node: EditedOp) -> None:
    """Give an op whose operands changed what goes with floats: its version, and no options of integers."""
    source = node.source
    if source is None or not _changed(graph, node):
        return
    node.intermediates = []
    if node.name in _TANH_ALWAYS and node.options.fused_activation_function == "NONE":
        node.options = node.options.replace(fused_activation_function="TANH")
    for name, plain in (("asymmetric_quantize_inputs", False), ("quantized_bias_type", "FLOAT32")):
        if name in node.options:
            node.options = node.options.replace(**{name: plain})
    node.version = settled_version(graph, node)


def _changed(graph: GraphEdit, node: EditedOp) -> bool:
    assert node.source is not None
    before = [t.dtype if t is not None else "" for t in (*node.source.inputs, *node.source.outputs)]
    after = [graph.tensors[i].dtype if i != LEFT_OUT else "" for i in (*node.inputs, *node.outputs)]
    return before != after
