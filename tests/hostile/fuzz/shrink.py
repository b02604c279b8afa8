"""From a model that fails to a small one that fails alike: fewer changes, then fewer ops and bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
from delegraph import Graph, Model, Op
from delegraph.errors import DelegraphError
from delegraph.file import read_model, write_model

from fuzz.mutants import Mutant

Fails = Callable[[bytes], bool]
MOST = 60  # models that are tried


def fewest_changes(mutant: Mutant, fails: Fails) -> Mutant:
    """Return a mutant of as few of the changes as fail."""
    going = True
    while going:
        going = False
        for smaller in mutant.smaller():
            if _data(smaller) is not None and fails(smaller.data):
                mutant, going = smaller, True
                break
    return mutant


def smallest(file: bytes, fails: Fails) -> bytes:
    """Return a model with as few ops as fail, and only the values that these read."""
    left = MOST
    going = True
    while going and left > 0:
        going = False
        for smaller in _smaller(file):
            left -= 1
            if len(smaller) < len(file) and fails(smaller):
                file, going = smaller, True
                break
            if left <= 0:
                break
    return file


def _data(mutant: Mutant) -> bytes | None:
    try:
        return mutant.data
    except (DelegraphError, ValueError, TypeError, OverflowError):
        return None


def _smaller(file: bytes) -> Iterator[bytes]:
    try:
        model = read_model(file)
    except DelegraphError:
        return
    plain = attrs.evolve(model, metadata=(), signatures=(), trailer=b"", description=None)
    yield from _written(_lean(plain))
    for at, graph in enumerate(model.subgraphs):
        size = len(graph.ops)
        while size := size // 2:
            for start in range(0, len(graph.ops), size):
                kept = graph.ops[:start] + graph.ops[start + size :]
                graphs = (*model.subgraphs[:at], _of_ops(graph, kept), *model.subgraphs[at + 1 :])
                yield from _written(_lean(attrs.evolve(model, subgraphs=graphs)))


def _of_ops(graph: Graph, ops: tuple[Op, ...]) -> Graph:
    """Return a graph of some ops: what the others compute becomes an input, what is left an output."""
    written = {t.index for op in ops for t in op.outputs}
    read = {t.index: t for op in ops for t in op.inputs if t is not None}
    inputs = [t for t in graph.inputs if t.index in read or not ops]
    given = {t.index for t in inputs}
    inputs += [
        t for i, t in read.items() if i not in written | given and not t.is_constant and not t.is_variable
    ]
    outputs = [t for t in graph.outputs if t.index in written]
    last = list(ops[-1].outputs) if ops else list(graph.inputs[:1])
    return attrs.evolve(graph, ops=ops, inputs=tuple(inputs), outputs=tuple(outputs or last))


def _lean(model: Model) -> Model:
    """Return a model without the values that no op reads."""
    read = {t.buffer for g in model.subgraphs for op in g.ops for t in op.inputs if t is not None}
    read |= {t.buffer for g in model.subgraphs for t in (*g.inputs, *g.outputs)}
    read |= {entry.buffer for entry in model.metadata}
    buffers = tuple(b if i in read else None for i, b in enumerate(model.buffers))
    graphs = []
    for graph in model.subgraphs:
        tensors = tuple(
            attrs.evolve(t, data=None, buffer=0, sparsity=None) if t.buffer not in read else t
            for t in graph.tensors
        )
        graphs.append(attrs.evolve(graph, tensors=tensors))
    return attrs.evolve(model, buffers=buffers, subgraphs=tuple(graphs))


def _written(model: Model) -> Iterator[bytes]:
    try:
        yield write_model(model)
    except (DelegraphError, ValueError, TypeError, OverflowError):
        return
