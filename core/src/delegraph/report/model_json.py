"""What is in a model, as values that JSON can hold: what ``delegraph inspect`` prints."""

from __future__ import annotations

import io
import math
import zipfile
from collections import Counter
from typing import Any

import numpy as np

from ..contract import types_of
from ..model import Blocks, Graph, Model, Op, Quantization, Record, Tensor
from ..model.macs import macs_of, parameters

Json = dict[str, Any]


def summary(model: Model) -> Json:
    """Return all that a model says, but not the values of its tensors."""
    macs = [macs_of(op) for graph in model.subgraphs for op in graph.ops]
    return {
        "schema_version": model.version,
        "description": model.description,
        "signatures": [
            {"key": s.key, "subgraph": s.subgraph, "inputs": _named(s.inputs), "outputs": _named(s.outputs)}
            for s in model.signatures
        ],
        "op_counts": _op_counts(model),
        "macs": sum(n or 0 for n in macs),
        "ops_of_unknown_macs": macs.count(None),
        "parameters": parameters(model),
        "weights": _weights(model),
        "metadata": [{"name": m.name, "bytes": _nbytes(model, m.buffer)} for m in model.metadata],
        "files": attached_files(model),
        "subgraphs": [_subgraph(model, graph) for graph in model.subgraphs],
    }


def attached_files(model: Model) -> list[str]:
    """Return the names of the files in the zip archive at the model's end; [] if there is none."""
    try:
        return zipfile.ZipFile(io.BytesIO(model.trailer)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []


def _named(tensors: dict[str, int]) -> list[Json]:
    return [{"name": name, "tensor": index} for name, index in tensors.items()]


def _op_counts(model: Model) -> list[Json]:
    counts, macs = Counter[tuple[str, int, str]](), Counter[tuple[str, int, str]]()
    for op in (op for graph in model.subgraphs for op in graph.ops):
        key = (op.name, op.version, types_of(op))
        counts[key] += 1
        macs[key] += macs_of(op) or 0
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"op": key[0], "version": key[1], "types": key[2], "count": n, "macs": macs[key]}
        for key, n in most_first
    ]


def _weights(model: Model) -> list[Json]:
    """Return the constants by type: how many, their bytes in the file, how they are quantized."""
    rows: dict[str, Json] = {}
    counted: set[int] = set()  # buffers that tensors share count once
    for tensor in (t for graph in model.subgraphs for t in graph.tensors if t.is_constant):
        row = rows.setdefault(
            tensor.dtype, {"type": tensor.dtype, "tensors": 0, "bytes": 0, "quantized": {}}
        )
        row["tensors"] += 1
        if tensor.buffer not in counted:
            row["bytes"] += _nbytes(model, tensor.buffer)
            counted.add(tensor.buffer)
        kind = _quantized(tensor.quantization)
        if kind:
            row["quantized"][kind] = row["quantized"].get(kind, 0) + 1
    return sorted(rows.values(), key=lambda row: -row["bytes"])


def _quantized(q: Quantization | None) -> str:
    if q is None:
        return ""
    if q.blocks is not None:
        return f"in blocks of {q.blocks.size}" if q.blocks.axes is None else "along several axes"
    if q.custom is not None:
        return "custom"
    if not len(q.scale):
        return ""
    return "per axis" if q.is_per_axis else "per tensor"


def _nbytes(model: Model, buffer: int) -> int:
    stored = model.buffers[buffer] if buffer < len(model.buffers) else None
    return 0 if stored is None else len(stored)


def _subgraph(model: Model, graph: Graph) -> Json:
    return {
        "index": graph.index,
        "name": graph.name,
        "inputs": [{"name": t.name, "tensor": t.index} for t in graph.inputs],
        "outputs": [{"name": t.name, "tensor": t.index} for t in graph.outputs],
        "ops": [_op(op) for op in graph.ops],
        "tensors": [_tensor(model, graph, t) for t in graph.tensors],
    }


def _op(op: Op) -> Json:
    return {
        "index": op.index,
        "name": op.name,
        "version": op.version,
        "inputs": [None if t is None else t.index for t in op.inputs],
        "outputs": [t.index for t in op.outputs],
        "intermediates": [t.index for t in op.intermediates],
        "options": {name: _plain(value) for name, value in op.options},
        "custom_options_bytes": len(op.custom_options),
    }


def _tensor(model: Model, graph: Graph, t: Tensor) -> Json:
    return {
        "index": t.index,
        "name": t.name,
        "type": t.dtype,
        "shape": _plain(t.shape),
        "shape_signature": _plain(t.shape_signature),
        "kind": _kind(graph, t),
        "bytes": _nbytes(model, t.buffer) if t.is_constant else t.nbytes,
        "quantization": None if t.quantization is None else _quantization(t.quantization),
    }


def _kind(graph: Graph, t: Tensor) -> str:
    """Return where a tensor's value comes from."""
    if t.is_constant:
        return "constant" if t.sparsity is None else "sparse constant"
    if t.is_variable:
        return "variable"
    return "input" if any(t is given for given in graph.inputs) else "computed"


def _quantization(q: Quantization) -> Json:
    return {
        "scale": _plain(q.scale),
        "zero_point": _plain(q.zero_point),
        "axis": q.axis,
        "custom": None if q.custom is None else _plain(q.custom),
        "blocks": None if q.blocks is None else _blocks(q.blocks),
    }


def _blocks(blocks: Blocks) -> Json:
    return {
        "scales": blocks.scales.index,
        "size": blocks.size,
        "zero_points": None if blocks.zero_points is None else blocks.zero_points.index,
        "shape": _plain(blocks.shape),
        "axes": _plain(blocks.axes),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; it has no bytes and no infinite numbers, so these become text."""
    if isinstance(value, Record):
        return {name: _plain(v) for name, v in value}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
