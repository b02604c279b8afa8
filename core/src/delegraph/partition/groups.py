"""Group the ops of a graph that can run together, and find the tensors that cross the edges of groups.

Ops are named by their position in ``graph.ops``: once constants are folded, that is not their index.

Source: tflite/graph_info.cc, PartitionGraphIntoIndependentNodeSubsets; tflite/core/subgraph.cc,
OpMightHaveSideEffect.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import pairwise

from ..errors import ModelError
from ..model import HANDLES, RANDOM_OPS, Graph, Op, Tensor, called_subgraphs, is_core_op
from ..values import field, frozen

Group = tuple[int, ...]  # positions of ops that run together, in the file's order
Needs = Sequence[Sequence[int]]  # by position: the positions of ops that must have run before


def dependencies(graph: Graph) -> Needs:
    """Return what each op must wait for: the makers of its inputs, and effects that come before its own.

    :raises ModelError: an op reads what a later op, or none, computes; or no op computes an output.
    """
    given = {t.index for t in graph.inputs}
    made_by: dict[int, int] = {}
    missing: list[tuple[Op, Tensor]] = []  # what ops read that nobody has computed by then
    last: dict[Hashable, int] = {}  # kind of effect -> position of the last op that has it
    needs = []
    for position, op in enumerate(graph.ops):
        before = []
        for t in op.inputs:
            if t is not None:
                if t.index in made_by:
                    before.append(made_by[t.index])
                elif not (t.is_constant or t.is_variable or t.index in given):
                    missing.append((op, t))
        for effect in _effects(op):
            if effect in last:
                before.append(last[effect])
            last[effect] = position
        for t in op.outputs:
            made_by[t.index] = position
        needs.append(before)
    for op, t in missing:
        _check_missing(op, t, graph.ops[made_by[t.index]] if t.index in made_by else None)
    for t in graph.outputs:
        if not (t.index in made_by or t.is_constant or t.is_variable or t.index in given):
            where = f"tensor {t.index} {t.name!r} of subgraph {graph.index}"
            raise ModelError(f"output {where} is no input, no constant, and computed by no op")
    return needs


def fuse(order: Sequence[Group], needs: Needs, wanted: Collection[int]) -> Sequence[Group]:
    """Return an order of execution in which the wanted ops stand together in groups as large as can be.

    Wanted and other units take turns, as TFLite's epochs do: all of one kind that can run, then all of
    the other. A unit runs in the first turn of its kind in which all it needs has run.

    :param order: units in a valid order of execution, those with wanted ops of one op each.
    """
    if not wanted:
        return order
    first = order[0][0] in wanted
    turn_of = [0] * len(needs)  # by position
    turns: list[list[Group]] = []
    for unit in order:
        turn = 0
        for position in unit:
            for before in needs[position]:
                if turn_of[before] > turn:
                    turn = turn_of[before]
        if (unit[0] in wanted) != (first == (turn % 2 == 0)):
            turn += 1
        for position in unit:
            turn_of[position] = turn
        if turn == len(turns):
            turns.append([])
        turns[turn].append(unit)
    fused: list[Group] = []
    for turn, units in enumerate(turns):
        if first == (turn % 2 == 0):
            fused.append(tuple(sorted(unit[0] for unit in units)))
        else:
            fused += units
    return fused


def split_at(order: Sequence[Group], cuts: Collection[int]) -> Sequence[Group]:
    """Return units of which a new one begins at each of the cuts, which are positions of ops.

    The ops of a unit stand in the file's order, and nothing outside lies between two that depend on each
    other: so its parts can run in this order.
    """
    if not cuts:
        return order
    parts: list[Group] = []
    for unit in order:
        places = [0, *(i for i, position in enumerate(unit) if i and position in cuts), len(unit)]
        parts += [unit[a:b] for a, b in pairwise(places)]
    return parts


@frozen
class GroupEdges:
    """The tensors that cross the edge of a group, by tensor index."""

    inputs: dict[int, Tensor] = field(factory=dict)  # computed outside, read inside; no constants
    outputs: dict[int, Tensor] = field(factory=dict)  # computed inside, read outside


def edges(graph: Graph, groups: Sequence[Group], kept: Collection[int] = ()) -> list[GroupEdges]:
    """Return the edges of groups that together hold all ops of the graph.

    :param kept: indices of tensors that are read after the run, besides the outputs of the graph.
    """
    found = [GroupEdges() for _ in groups]
    group_of = {position: g for g, group in enumerate(groups) for position in group}
    made_in: dict[int, int] = {}
    kept = {t.index for t in graph.outputs} | set(kept)
    for position, op in enumerate(graph.ops):
        inside = group_of[position]
        for t in op.inputs:
            if t is None or (t.is_constant and not t.is_variable):
                continue
            maker = made_in.get(t.index)
            if maker != inside:
                found[inside].inputs[t.index] = t
                if maker is not None:
                    found[maker].outputs[t.index] = t
        for t in op.outputs:
            made_in[t.index] = inside
            if t.index in kept or t.is_variable:  # the next run reads it
                found[inside].outputs[t.index] = t
    return found


def _effects(op: Op) -> list[Hashable]:
    """Return what must happen in the file's order: use of resources, of a variable, of random numbers."""
    found: list[Hashable] = []
    if op.name in RANDOM_OPS:
        found.append("random")
    for t in (*op.inputs, *op.outputs):
        if t is not None:
            if t.dtype in HANDLES:
                found.append("resource")
            if t.is_variable:
                found.append(t.index)
    if is_core_op(op.name) and called_subgraphs(op):  # where any of it may happen
        found += ["resource", "random"]
    return found


def _check_missing(op: Op, tensor: Tensor, maker: Op | None) -> None:
    what = f"{op} reads tensor {tensor.index} {tensor.name!r}"
    if maker is not None:
        raise ModelError(f"{what}, which only {maker} computes: the file's order does not work")
    if tensor.size or tensor.shape is None or is_core_op(op.name):  # an empty tensor needs no values
        raise ModelError(f"{what}, which is no input of the subgraph, no constant, and computed by no op")
