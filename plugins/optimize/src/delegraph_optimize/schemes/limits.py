"""What LiteRT's integer kernels ask of an op beyond its types: a row for each limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..writer import LEFT_OUT, EditedOp, GraphEdit

Limit = Callable[[GraphEdit, EditedOp, str], str]  # why not; "" where the op is within


def why_not_here(graph: GraphEdit, node: EditedOp, dtype: str) -> str:
    """Return which limit of its integer kernel an op breaks; "" where it breaks none."""
    return next((why for limit in _LIMITS.get(node.name, ()) if (why := limit(graph, node, dtype))), "")


def _rank(graph: GraphEdit, node: EditedOp) -> int:
    shapes = [graph.tensors[i].shape or () for i in node.inputs if i != LEFT_OUT]
    return max(map(len, shapes), default=0)


def _at_most(rank: int) -> Limit:
    def limit(graph: GraphEdit, node: EditedOp, dtype: str) -> str:
        found = _rank(graph, node)
        return f"it has {found} dimensions; the integer kernel takes {rank}" if found > rank else ""

    return limit


_LIMITS: Mapping[str, Sequence[Limit]] = {}
