"""A model being edited: tensors by number, ops that name them, and the model that comes of it.

Tensors keep their numbers until :meth:`ModelEdit.model` drops those that nobody names any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

import attrs
import numpy as np
from attrs import define, field
from delegraph import OPERATORS, Blocks, Graph, Model, Op, Quantization, Record, Tensor

LEFT_OUT = -1  # an optional input that is not there


@define(eq=False)
class EditedOp:
    """An op being edited."""

    name: str
    inputs: list[int]  # tensors of the graph; LEFT_OUT for an optional one left out
    outputs: list[int]
    options: Record
    version: int = 1
    intermediates: list[int] = field(factory=list)
    source: Op | None = None  # the op of the given model that it stands for

    @property
    def reads(self) -> list[int]:
        return [i for i in self.inputs if i != LEFT_OUT]

    def replace_input(self, old: int, new: int) -> None:
        self.inputs = [new if i == old else i for i in self.inputs]


class GraphEdit:
    """A subgraph being edited."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors: list[Tensor] = list(graph.tensors)
        self.nodes: list[EditedOp] = [_node(op) for op in graph.ops]
        self.inputs = [t.index for t in graph.inputs]
        self.outputs = [t.index for t in graph.outputs]

    def add(
        self,
        name: str,
        dtype: str,
        like: Tensor | None = None,
        *,
        data: np.ndarray | None = None,
        quantization: Quantization | None = None,
    ) -> int:
        """Add a tensor that an op will write, of the shape of another; or a constant. Return its number."""
        if data is not None:
            data.flags.writeable = False
            shape: tuple[int, ...] | None = data.shape
        else:
            shape = () if like is None else like.shape
        signature = None if like is None else like.shape_signature
        made = Tensor(
            len(self.tensors), name, dtype, shape, signature, quantization, data=data, has_rank=True
        )
        self.tensors.append(made)
        return made.index

    def change(self, index: int, **changes: Any) -> None:
        """Change a tensor in its place; ``data=`` gives a constant other values."""
        if "data" in changes or "dtype" in changes:
            changes.setdefault("buffer", 0)
        self.tensors[index] = attrs.evolve(self.tensors[index], **changes)

    def data(self, index: int) -> np.ndarray | None:
        return None if index == LEFT_OUT else self.tensors[index].data

    def is_constant(self, index: int) -> bool:
        return index != LEFT_OUT and self.tensors[index].is_constant

    def producers(self) -> dict[int, EditedOp]:
        """Return the op that writes each tensor."""
        return {i: node for node in self.nodes for i in node.outputs}

    def readers(self) -> dict[int, list[EditedOp]]:
        """Return the ops that read each tensor, an op once."""
        found: dict[int, list[EditedOp]] = {}
        for node in self.nodes:
            for i in dict.fromkeys(node.reads):
                found.setdefault(i, []).append(node)
        return found

    def reroute(self, old: int, new: int) -> None:
        """Let all that read a tensor read another; outputs of the graph, too."""
        for node in self.nodes:
            node.replace_input(old, new)
        self.outputs = [new if i == old else i for i in self.outputs]


class ModelEdit:
    """A model being edited, all its subgraphs at once."""

    def __init__(self, model: Model) -> None:
        self.source = model
        self.graphs = [GraphEdit(graph) for graph in model.subgraphs]
        self.results: list[dict[str, int]] = [dict(s.outputs) for s in model.signatures]
        self.arguments: list[dict[str, int]] = [dict(s.inputs) for s in model.signatures]

    def kept(self, graph: GraphEdit) -> set[int]:
        """Return the tensors of a graph that callers of the model know."""
        place = self.graphs.index(graph)
        known = {*graph.inputs, *graph.outputs}
        for signature, results, arguments in self._signatures():
            if signature.subgraph == place:
                known.update(results.values(), arguments.values())
        return known

    def reroute_output(self, graph: GraphEdit, old: int, new: int) -> None:
        """Let callers get another tensor as an output."""
        graph.outputs = [new if i == old else i for i in graph.outputs]
        self._rename(self.results, graph, old, new)

    def reroute_input(self, graph: GraphEdit, old: int, new: int) -> None:
        """Let callers fill another tensor as an input."""
        graph.inputs = [new if i == old else i for i in graph.inputs]
        self._rename(self.arguments, graph, old, new)

    def model(self) -> Model:
        """Return the edited model, without tensors and buffers that nobody names."""
        shared = _OneArray()
        graphs, numbers = [], []
        for edit in self.graphs:
            graph, renumbered = _finished(edit, self.kept(edit), shared)
            graphs.append(graph)
            numbers.append(renumbered)
        signatures = tuple(
            attrs.evolve(
                s,
                inputs={n: numbers[s.subgraph][i] for n, i in arguments.items()},
                outputs={n: numbers[s.subgraph][i] for n, i in results.items()},
            )
            for s, results, arguments in self._signatures()
        )
        buffers, metadata, old_metadata = _metadata(self.source)
        return attrs.evolve(
            self.source,
            subgraphs=tuple(graphs),
            operator_codes=(),
            buffers=buffers,
            signatures=signatures,
            metadata=metadata,
            metadata_buffer=old_metadata,
        )

    def _signatures(self) -> Iterable[tuple[Any, dict[str, int], dict[str, int]]]:
        return zip(self.source.signatures, self.results, self.arguments, strict=True)

    def _rename(self, tables: list[dict[str, int]], graph: GraphEdit, old: int, new: int) -> None:
        place = self.graphs.index(graph)
        for signature, table in zip(self.source.signatures, tables, strict=True):
            if signature.subgraph == place:
                table.update({n: new for n, i in table.items() if i == old})


def cleaned(edit: ModelEdit, graph: GraphEdit) -> None:
    """Take out ops whose outputs nobody reads, if they do nothing else."""
    needed = edit.kept(graph)
    kept = []
    for node in reversed(graph.nodes):
        if _acts(node, graph) or not needed.isdisjoint(node.outputs):
            needed.update(node.reads)
            kept.append(node)
    graph.nodes = kept[::-1]


def _acts(node: EditedOp, graph: GraphEdit) -> bool:
    """Say whether an op may do more than write its outputs: change state, call, or be somebody's own."""
    if node.source is not None and node.source.variables:
        return True
    if any(graph.tensors[i].is_variable for i in node.outputs):  # the next run reads it
        return True
    handles = any(graph.tensors[i].dtype in ("resource", "variant") for i in (*node.reads, *node.outputs))
    return handles or not node.outputs or node.name in _CALLS or node.name not in OPERATORS


_CALLS = frozenset(("CALL_ONCE", "IF", "WHILE", "STABLEHLO_WHILE", "STABLEHLO_CASE", "CALL"))


def _node(op: Op) -> EditedOp:
    return EditedOp(
        op.name,
        [LEFT_OUT if t is None else t.index for t in op.inputs],
        [t.index for t in op.outputs],
        op.options,
        op.version,
        [t.index for t in op.intermediates],
        op,
    )


class _OneArray:
    """Gives equal constants one array, so that they share a buffer of the file."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, tuple[int, ...], bytes], np.ndarray] = {}

    def __call__(self, tensor: Tensor) -> np.ndarray | None:
        data = tensor.data
        if data is None or data.dtype == object:
            return data
        return self._made.setdefault((tensor.dtype, data.shape, _digest(data)), data)


def _digest(data: np.ndarray) -> bytes:
    return blake2b(np.ascontiguousarray(data).data).digest()


def _finished(
    edit: GraphEdit, kept: set[int], shared: Callable[[Tensor], np.ndarray | None]
) -> tuple[Graph, dict[int, int]]:
    named = set(kept)
    for node in edit.nodes:
        named.update(node.reads, node.outputs, node.intermediates)
    for index in tuple(named):
        named.update(_beside(edit.tensors[index]))
    numbers = {old: new for new, old in enumerate(sorted(named))}
    tensors: list[Tensor] = []
    for old, new in numbers.items():
        tensor = edit.tensors[old]
        tensors.append(attrs.evolve(tensor, index=new, buffer=0, data=shared(tensor)))
    tensors = [_with_blocks(t, numbers, tensors) for t in tensors]

    def of(indices: Sequence[int]) -> tuple[Tensor, ...]:
        return tuple(tensors[numbers[i]] for i in indices)

    ops = tuple(
        op_of(place, node, [None if i == LEFT_OUT else tensors[numbers[i]] for i in node.inputs], of)
        for place, node in enumerate(edit.nodes)
    )
    graph = attrs.evolve(
        edit.graph, tensors=tuple(tensors), ops=ops, inputs=of(edit.inputs), outputs=of(edit.outputs)
    )
    return graph, numbers


def op_of(
    place: int,
    node: EditedOp,
    inputs: Sequence[Tensor | None],
    of: Callable[[Sequence[int]], tuple[Tensor, ...]],
) -> Op:
    """Return an edited op as one of a graph.

    :param of: returns the tensors of some numbers
    """
    made = Op(
        place,
        node.name,
        node.version,
        tuple(inputs),
        of(node.outputs),
        node.options,
        of(node.intermediates),
        has_options=node.options.table != "NONE",
    )
    if node.source is None:
        return made
    source = node.source
    return attrs.evolve(
        made,
        custom_options=source.custom_options,
        mutating_variable_inputs=source.mutating_variable_inputs,
        debug_metadata_index=source.debug_metadata_index,
        has_options=source.has_options if node.options is source.options else made.has_options,
    )


def _beside(tensor: Tensor) -> list[int]:
    """Return the tensors that a tensor's quantization names."""
    blocks = None if tensor.quantization is None else tensor.quantization.blocks
    found = [] if blocks is None else [blocks.scales, blocks.zero_points]
    return [t.index for t in found if t is not None]


def _with_blocks(tensor: Tensor, numbers: dict[int, int], tensors: Sequence[Tensor]) -> Tensor:
    quantization = tensor.quantization
    if quantization is None or quantization.blocks is None:
        return tensor
    blocks: Blocks = quantization.blocks
    points = blocks.zero_points
    blocks = attrs.evolve(
        blocks,
        scales=tensors[numbers[blocks.scales.index]],
        zero_points=None if points is None else tensors[numbers[points.index]],
    )
    return attrs.evolve(tensor, quantization=attrs.evolve(quantization, blocks=blocks))


def _metadata(model: Model) -> tuple[tuple[np.ndarray | None, ...], tuple[Any, ...], tuple[int, ...]]:
    """Return the buffers that metadata need, behind the empty one, and the entries that name them."""
    old = dict.fromkeys([*(e.buffer for e in model.metadata), *model.metadata_buffer])
    places = {buffer: place for place, buffer in enumerate(old, 1)}
    buffers = (None, *(model.buffers[b] for b in old))
    entries = tuple(attrs.evolve(e, buffer=places[e.buffer]) for e in model.metadata)
    return buffers, entries, tuple(places[b] for b in model.metadata_buffer)
