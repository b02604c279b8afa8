"""What a model names by a number is there: tensors, buffers, operator codes, subgraphs.

A file has numbers where a model has tensors: one that is another's would be written, and read, as that one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import InputError
from ..model import Graph, Model, Op, Tensor, called_fields, schema


def check_references(model: Model) -> None:
    """Check that all numbers of a model that is to be written are those of something it has.

    :raises InputError: the message names the place
    """
    for index, graph in enumerate(model.subgraphs):
        place = f"subgraph {index} {graph.name!r}"
        for position, tensor in enumerate(graph.tensors):
            _check_tensor(f"{place}: tensor {position} {tensor.name!r}", position, tensor, model)
        for who, t in _named(graph):
            _check_named(f"{place}: {who}", t, graph)
        for op in graph.ops:
            _check_op(f"{place}: {op}", op, model)
    for m in model.metadata:
        _check_number(f"metadata {m.name!r}", "buffer", m.buffer, len(model.buffers))
    for number in model.metadata_buffer:
        _check_number("metadata_buffer", "buffer", number, len(model.buffers))
    for s in model.signatures:
        place = f"signature {s.key!r}"
        _check_number(place, "subgraph", s.subgraph, len(model.subgraphs))
        for name, number in (*s.inputs.items(), *s.outputs.items()):
            count = len(model.subgraphs[s.subgraph].tensors)
            _check_number(f"{place}: {name!r}", "tensor", number, count, "its subgraph")


def _check_tensor(place: str, position: int, tensor: Tensor, model: Model) -> None:
    if tensor.index != position:
        raise InputError(f"{place} needs index={position}, found {tensor.index}: ops would name another")
    _check_number(place, "buffer", tensor.buffer, max(len(model.buffers), 1))


def _named(graph: Graph) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that a subgraph names, each with who names it."""
    for role in ("inputs", "outputs"):
        yield from ((role, t) for t in getattr(graph, role))
    for op in graph.ops:
        for role in ("inputs", "outputs", "intermediates"):
            yield from ((f"{op}: {role}", t) for t in getattr(op, role) if t is not None)
    for tensor in graph.tensors:
        blocks = None if tensor.quantization is None else tensor.quantization.blocks
        if blocks is not None:
            found = (("scales", blocks.scales), ("zero points", blocks.zero_points))
            yield from ((f"{role} of tensor {tensor.name!r}", t) for role, t in found if t is not None)


def _check_named(place: str, tensor: Tensor, graph: Graph) -> None:
    """Check that a tensor is in the graph, where it may have another name, or another shape and type."""
    _check_number(place, "tensor", tensor.index, len(graph.tensors), "the subgraph")
    own = graph.tensors[tensor.index]
    same_kind = (own.dtype, own.shape) == (tensor.dtype, tensor.shape)
    if not (own is tensor or own.name == tensor.name or same_kind):
        found = f"tensor {tensor.index} {tensor.name!r}"
        raise InputError(f"{place}: {found} is not of this subgraph, where that is {own.name!r}")


def _check_op(place: str, op: Op, model: Model) -> None:
    if op.code and model.operator_codes:  # else nobody chose it: name and version say which op it is
        _check_number(place, "operator code", op.code, len(model.operator_codes))
    wanted = schema.options_of(op.name.partition(":")[0])
    if op.options.table not in (wanted, "NONE"):
        raise InputError(f"{place} needs options of {wanted}, found {op.options.table}")
    for name in called_fields(op.options.table):
        value = op.options.get(name) if op.has_options else None
        for number in value if isinstance(value, tuple) else () if value is None else (value,):
            _check_number(f"{place}: {name}", "subgraph", number, len(model.subgraphs))


def _check_number(place: str, what: str, number: int, count: int, owner: str = "the model") -> None:
    if not 0 <= number < count:
        raise InputError(f"{place}: there is no {what} {number}, {owner} has {count}")
