"""Who computes and who reads each value of a partition, while rewrites change its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .lowering import Lowered
from .node import Node, Value


class Uses:
    """The nodes of a partition by the values that they write and read.

    Every question takes the same time however many nodes there are, as long as a value has few readers.
    """

    def __init__(self, lowered: Lowered) -> None:
        self._positions = {id(node): i for i, node in enumerate(lowered.nodes)}
        self._nodes = {id(node): node for node in lowered.nodes}
        self._leaving = {id(v.root) for v in lowered.outputs}
        self._producers: dict[int, Node] = {}  # by id of the value
        self._readers: dict[int, dict[int, int]] = {}  # by id of the root: how often each node reads it
        self._writers: dict[int, set[int]] = {}  # by id of the root: the nodes that store some of it
        self._known: dict[
            int, tuple[list[Value], list[Value], list[Value]]
        ] = {}  # as entered, by id of node
        for node in lowered.nodes:
            self._enter(node)

    def nodes(self) -> list[Node]:
        """Return the nodes that are left, in their order."""
        return list(self._nodes.values())

    def has(self, node: Node) -> bool:
        return id(node) in self._nodes

    def position(self, node: Node) -> int:
        return self._positions[id(node)]

    def producer(self, value: Value) -> Node | None:
        """Return the node that stores a value; of several that store parts of it, one."""
        return self._producers.get(id(value))

    def producers(self, node: Node) -> list[Node]:
        """Return the nodes that store what a node reads, that first which all others are ready for."""
        found = {id(n): n for root in self._known[id(node)][0] if (n := self.producer(root)) is not None}
        return sorted(found.values(), key=lambda n: -n.op.index)

    def only_reader(self, value: Value) -> Node | None:
        """Return the node that reads a value, or part of it, once, where nobody else does.

        None for a value that leaves the partition, or that is part of another one.
        """
        readers = self._readers.get(id(value), {})
        if len(readers) != 1 or value.base is not None or id(value) in self._leaving:
            return None
        ((node, times),) = readers.items()
        return self._nodes[node] if times == 1 else None

    def readers(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """Yield the nodes that read what some nodes compute."""
        for value in (v for node in nodes for v in node.outputs):
            yield from (self._nodes[reader] for reader in self._readers.get(id(value.root), ()))

    def ready(self, first: Node, second: Node) -> bool:
        """Say whether all else that ``second`` reads is there when ``first`` runs."""
        own, at = {id(v.root) for v in first.outputs}, self.position(first)
        writers = (
            w for v in second.reads if id(v.root) not in own for w in self._writers.get(id(v.root), ())
        )
        return all(self._positions[w] < at for w in writers)

    def remove(self, node: Node) -> None:
        """Take a node out: another one computes what it did."""
        self._forget(node)
        del self._nodes[id(node)]

    def update(self, nodes: Iterable[Node]) -> None:
        """Look again at nodes that read or write other values than before."""
        for node in nodes:
            self._forget(node)
            self._enter(node)

    def _enter(self, node: Node) -> None:
        roots = [v.root for v in node.reads]
        self._known[id(node)] = roots, list(node.outputs), [v.root for v in node.outputs]
        for root in roots:
            times = self._readers.setdefault(id(root), {})
            times[id(node)] = times.get(id(node), 0) + 1
        for value in node.outputs:
            self._producers[id(value)] = node
            self._writers.setdefault(id(value.root), set()).add(id(node))

    def _forget(self, node: Node) -> None:
        reads, outputs, roots = self._known.pop(id(node))
        for root in reads:
            self._readers[id(root)].pop(id(node), None)
        for value, root in zip(outputs, roots, strict=True):
            if self._producers.get(id(value)) is node:
                del self._producers[id(value)]
            self._writers[id(root)].discard(id(node))


def unwritten(lowered: Lowered) -> str | None:
    """Return in words the first value that is read before all of it is written; None if there is none."""
    written = {id(v.root): v.root.size for v in lowered.inputs}  # elements, by id of the root
    for node in lowered.nodes:
        for value in node.reads:
            if written.get(id(value.root), 0) < value.root.size:
                return f"{node} reads {value.tensor.name!r}, of which nobody wrote all before"
        for value in node.outputs:
            share = 1.0 if node.place is None else node.place.channels / value.shape[-1]
            written[id(value.root)] = written.get(id(value.root), 0) + round(value.size * share)
    for value in (v for v in lowered.outputs if not v.is_constant):
        if written.get(id(value.root), 0) < value.root.size:
            return f"{value.tensor.name!r} leaves, and nobody wrote all of it"
    return None
