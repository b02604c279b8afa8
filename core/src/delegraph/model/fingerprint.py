"""A name for all that decides what a model computes, to keep under it what was compiled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np

from ..values import fields, has_fields
from .graph import Graph, Model, Op, Record, Tensor
from .tensor_bytes import stored_bytes

_VERSION = 1  # raised when the same model gets another fingerprint


def fingerprint(model: Model) -> str:
    """Return 64 hexadecimal digits: the same in every process for models that compute the same way.

    Part of it are ops with versions and options, names of custom ops, shapes, types, quantization, state,
    the values of constants, inputs and outputs in their order, and the subgraphs that ops call. Not part of
    it are names of tensors and subgraphs, signatures, metadata, and how the file stores all this.
    """
    import hashlib

    found = hashlib.sha256(b"delegraph %d" % _VERSION)
    _feed(found, [_of_graph(graph) for graph in model.subgraphs])
    return found.hexdigest()


def _of_graph(graph: Graph) -> list[Any]:
    ends = [[t.index for t in side] for side in (graph.inputs, graph.outputs)]
    return [*ends, [_of_tensor(t) for t in graph.tensors], [_of_op(op) for op in graph.ops]]


def _of_tensor(t: Tensor) -> list[Any]:
    values = None if t.data is None else stored_bytes(t.data, t.dtype)
    signature = (
        t.shape_signature if -1 in (t.shape_signature or ()) else None
    )  # else it says what shape says
    kept = ("dtype", "shape", "has_rank", "quantization", "is_variable", "sparsity", "variant_tensors")
    return [*(getattr(t, name) for name in kept), signature, t.external_buffer, values]


def _of_op(op: Op) -> list[Any]:
    operands = [
        [-1 if t is None else t.index for t in s] for s in (op.inputs, op.outputs, op.intermediates)
    ]
    return [op.name, op.version, operands, op.options, op.custom_options, op.mutating_variable_inputs]


def _feed(found: Any, value: Any) -> None:
    """Add a value, so that no other value adds the same bytes."""
    kind, parts = _parts(value)
    if isinstance(parts, list):
        found.update(f"{kind}[{len(parts)}".encode())
        for part in parts:
            _feed(found, part)
    else:
        found.update(f"{kind}:{len(parts)}:".encode())
        found.update(parts)


@singledispatch
def _parts(value: Any) -> tuple[str, Any]:
    """Return what a value is, and its parts in a list, or its bytes."""
    if has_fields(type(value)):
        return type(value).__name__, [getattr(value, f.name) for f in fields(type(value))]
    return type(value).__name__, repr(value).encode()  # None, bool, int, float, str


@_parts.register
def _(value: Tensor) -> tuple[str, Any]:
    return "tensor", str(value.index).encode()  # whose scales lie in it


@_parts.register
def _(value: Record) -> tuple[str, Any]:
    return value.table, sorted(value)


@_parts.register(list)
@_parts.register(tuple)
def _(value: Any) -> tuple[str, Any]:
    return "list", list(value)


@_parts.register
def _(value: Mapping) -> tuple[str, Any]:
    return "map", sorted(value.items())


@_parts.register
def _(value: bytes) -> tuple[str, Any]:
    return "bytes", value


@_parts.register
def _(value: np.ndarray) -> tuple[str, Any]:
    return f"{value.dtype.str}{value.shape}", np.ascontiguousarray(value).reshape(-1).view(np.uint8)
