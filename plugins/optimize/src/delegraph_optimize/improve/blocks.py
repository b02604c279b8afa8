"""Blocks of a graph: ops between two tensors through which all passes that is computed.

A residual block is one, and so are a few products behind each other: what they write together is learned
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen
from delegraph import Graph, Op, Tensor

from .product import OPS

MOST_PRODUCTS = 3  # of a block that is made of smaller ones: what three ops lose, one block may make up for


@frozen
class Block:
    """Ops that read one tensor that others write, and of which others read one."""

    ops: tuple[Op, ...]
    writes: Tensor

    @property
    def reads(self) -> Tensor:
        tensor = self.ops[0].inputs[0]
        assert tensor is not None
        return tensor

    @property
    def products(self) -> list[Op]:
        return [op for op in self.ops if op.name in OPS]


def blocks_of(graph: Graph, is_known: Callable[[Op], bool]) -> list[Block]:
    """Return the blocks of ops that are all known, each of which begins with a product."""
    found: list[Block] = []
    given = {t.index for t in graph.outputs}
    is_open = False  # whether the last block may become longer
    for ops, writes in _between_cuts(graph):
        fits = all(map(is_known, ops))
        if is_open and fits and _count(found[-1].ops) + _count(ops) <= MOST_PRODUCTS:
            found[-1] = Block((*found[-1].ops, *ops), writes)
        elif fits and ops[0].name in OPS:
            found.append(Block(tuple(ops), writes))
        else:
            fits = False
        is_open = fits and writes.index not in given
    return found


def _count(ops: Sequence[Op]) -> int:
    return sum(op.name in OPS for op in ops)


def _between_cuts(graph: Graph) -> Iterator[tuple[list[Op], Tensor]]:
    """Yield ops that read nothing but what the ops before them left in one tensor, and their own."""
    last = {t.index: op.index for op in graph.ops for t in op.inputs if t is not None}
    given = {t.index for t in graph.outputs}
    needed = {t.index for t in graph.inputs if t.index in last}
    ops: list[Op] = []
    begins_at_one = len(needed) == 1
    for op in graph.ops:
        ops.append(op)
        needed |= {t.index for t in op.outputs}
        needed = {i for i in needed if last.get(i, -1) > op.index or (i in given and i not in last)}
        if len(needed) != 1 or next(iter(needed)) not in {t.index for t in op.outputs}:
            continue
        inside = {t.index for o in ops for t in o.outputs} - needed
        if begins_at_one and not inside & given:
            yield ops, next(t for t in op.outputs if t.index in needed)
        begins_at_one, ops = True, []
