"""The policy ``greedy``, and the work that policies share.

It is TFLite's: delegates are served in order of preference, each groups what its predecessors left
over, and what must be given back (too small a group, one too many, a failed check) goes to the next.

Source: tflite/core/subgraph.cc, ModifyGraphWithDelegate; tflite/delegates/utils.h, GraphPartitionHelper.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contract import CORE, NOBODY, CutHere, Delegate, OpSupport, Partition, Refusal, has_unknown_shape
from ..contract.asking import ask, read_refusals
from ..contract.guard import Unfit, count, shown
from ..errors import PluginError
from ..model import CORE_OPS, Graph, Model, Op, Tensor, is_core_op
from ..values import Factory, field, frozen
from .decisions import Decisions
from .groups import Group, Needs, dependencies, edges, fuse, split_at

if TYPE_CHECKING:
    from .cost_model import CostModel
    from .estimate import TimeEstimate

Reasons = Mapping[str, Sequence[Refusal]]  # by the label of the delegate that has them
Refusals = dict[int, list[Refusal]]  # by the position of the op


@frozen
class Owner:
    """Who runs a group."""

    delegate: Delegate | None
    label: str
    deferred: bool = False


@frozen
class Limits:
    """How few ops a delegate's partition may have, and how many partitions it may keep of a subgraph."""

    min_ops: int
    max_partitions: int | None
    keep: str = "largest"  # which ones: a key of KEEP


@frozen(eq=False)
class Work:
    """One subgraph to cut up: what a policy may ask, and what it was told."""

    model: Model  # that it is of
    graph: Graph
    delegates: Mapping[Delegate, Limits]  # in order of preference
    decisions: Decisions
    veto: Callable[[Op, Delegate], list[str]] | None = None
    refused: Mapping[tuple[int, int], Reasons] = field(factory=dict)  # beforehand, by (subgraph, op)
    kept: Collection[int] = ()  # tensors that are read after a run, besides the outputs of the graph
    models: Mapping[Delegate, CostModel] = field(factory=dict)  # what they take, for policies that ask
    needs: Needs = Factory(lambda self: dependencies(self.graph), takes_self=True)
    refusals: dict[int, dict[str, tuple[Refusal, ...]]] = field(factory=dict)  # found, by op index
    rows: dict[Delegate, dict[int, OpSupport]] = field(factory=dict)  # that accepted ops, by op index
    estimates: dict[str, TimeEstimate] = field(factory=dict)  # of what a policy chose from, by its name

    def takes(self, delegate: Delegate, op: Op) -> bool:
        """Say whether a delegate takes an op; if not, keep its reasons."""
        row, reasons = self.decisions.decide(delegate, op, self.graph)
        if self.refused:
            known = self.refused.get((self.graph.index, op.index), {})
            reasons += known.get(delegate.label, ())
        if not delegate.dynamic and delegate.out_of_use is None:
            reasons += [_unknown_shape(t) for t in (*op.inputs, *op.outputs) if t and t.shape is None]
        if self.veto is not None and not reasons:
            reasons += [Refusal("no veto", found, kind="veto") for found in self.veto(op, delegate)]
        if row is None or reasons:
            self.refuse(delegate, op, reasons)
            return False
        self.rows.setdefault(delegate, {})[op.index] = row
        return True

    def refuse(self, delegate: Delegate, op: Op, reasons: Iterable[Refusal]) -> None:
        """Keep why a delegate does not run an op."""
        self.refusals.setdefault(op.index, {})[delegate.label] = tuple(reasons)

    def partitions(self, units: Sequence[Group], owners: Mapping[int, Owner]) -> list[Partition]:
        """Return the partitions that these units form, in their order; units without owner are skipped.

        :param owners: by the position of a unit's first op.
        """
        found = []
        for unit, edge in zip(units, edges(self.graph, units, self.kept), strict=True):
            owner = owners.get(unit[0])
            if owner is not None:
                ops = tuple(self.graph.ops[position] for position in unit)
                rows = {} if owner.delegate is None else self.rows[owner.delegate]
                found.append(
                    Partition(
                        owner.delegate,
                        owner.label,
                        ops=ops,
                        inputs=tuple(edge.inputs[i] for i in sorted(edge.inputs)),
                        outputs=tuple(edge.outputs[i] for i in sorted(edge.outputs)),
                        variables=_written_variables(ops),
                        graph=self.graph,
                        model=self.model,
                        subgraph=self.graph.index,
                        deferred=owner.deferred,
                        rows={op.index: rows[op.index] for op in ops} if rows else rows,
                    )
                )
        return found


Cut = tuple[Sequence[Group], dict[int, Owner]]  # groups in the order of execution; owners by position
Policy = Callable[[Work], Cut]


def greedy(work: Work) -> Cut:
    """Give each op to the first delegate that takes it, in groups as large as can be."""
    ops = work.graph.ops
    return cut_up(work, lambda delegate, position: work.takes(delegate, ops[position]))


def cut_up(work: Work, wants: Callable[[Delegate, int], bool]) -> Cut:
    """Give each delegate in turn what it wants of what is left, in groups as large as can be.

    :param wants: of a delegate and the position of an op.
    """
    ops = work.graph.ops
    order: Sequence[Group] = [(position,) for position in range(len(ops))]
    owners: dict[int, Owner] = {}
    left = [position for position, op in enumerate(ops) if op.name not in CORE_OPS]
    for delegate in work.delegates:
        wanted = {position for position in left if wants(delegate, position)}
        order, kept = _settle(work, delegate, order, wanted)
        owners |= kept
        left = [position for position in left if position not in kept]
    core = {p for p, op in enumerate(ops) if p not in owners and is_core_op(op.name)}
    for label, rest in ((CORE, core), (NOBODY, set(left) - core)):
        order = fuse(order, work.needs, rest)
        owners |= dict.fromkeys(rest, Owner(None, label))
    return order, owners


def _settle(
    work: Work, delegate: Delegate, order: Sequence[Group], wanted: set[int]
) -> tuple[Sequence[Group], dict[int, Owner]]:
    """Group the wanted ops, cut groups and give ops back as must be, and again, until nothing must."""
    cuts: set[int] = set()
    while True:
        later = {position for position in wanted if has_unknown_shape(work.graph.ops[position])}
        units = split_at(fuse(fuse(order, work.needs, wanted - later), work.needs, later), cuts)
        owners = dict.fromkeys(wanted, Owner(delegate, delegate.label))
        owners |= dict.fromkeys(later, Owner(delegate, delegate.label, deferred=True))
        back, more_cuts = _failing_check(work, delegate, units, owners)
        if not (back or more_cuts):
            back = _beyond_limits(work.delegates[delegate], [unit for unit in units if unit[0] in owners])
        if not (back or more_cuts):
            return units, owners
        for position, reasons in back.items():
            work.refuse(delegate, work.graph.ops[position], reasons)
        wanted = wanted - back.keys()
        cuts |= more_cuts


def _beyond_limits(limits: Limits, groups: Sequence[Group]) -> Refusals:
    return _too_small(groups, limits.min_ops) or _too_many(groups, limits.max_partitions, limits.keep)


def _failing_check(
    work: Work, delegate: Delegate, units: Sequence[Group], owners: Mapping[int, Owner]
) -> tuple[Refusals, set[int]]:
    """Return what a delegate's check refuses, and the positions at which it wants a new partition."""
    if type(delegate).check is Delegate.check:  # it accepts everything: save the work
        return {}, set()
    at = {op.index: position for position, op in enumerate(work.graph.ops)}
    back: Refusals = {}
    cuts: set[int] = set()
    for partition in work.partitions(units, owners):
        inside = {op.index for op in partition.ops}
        for index, answer in _check(delegate, partition).items():
            if index not in inside:
                continue
            if not isinstance(answer, CutHere):
                back |= {at[index]: answer} if answer else {}
            elif index != partition.ops[0].index:
                cuts.add(at[index])
    return back, cuts


def _check(delegate: Delegate, partition: Partition) -> Mapping[int, list[Refusal] | CutHere]:
    """Ask the delegate's own check; one that misbehaves refuses the whole partition."""
    try:
        return ask(delegate, "check", _answer_by_op, partition)
    except PluginError as e:
        why = Refusal("a check of the partition", str(e))
        return {op.index: [why] for op in partition.ops}


def _answer_by_op(answer: Any) -> dict[int, list[Refusal] | CutHere]:
    if not isinstance(answer, Mapping):
        raise Unfit(f"a dictionary of refusals or cuts by op index, found {shown(answer)}")
    found: dict[int, list[Refusal] | CutHere] = {}
    for index, what in answer.items():
        found[count(index)] = what if isinstance(what, CutHere) else read_refusals(what)
    return found


def _too_small(groups: Sequence[Group], least: int) -> Refusals:
    small = [group for group in groups if len(group) < least]
    rule = f"a partition of at least {least} ops"
    return {
        p: [Refusal(rule, f"a partition of {len(group)}", kind="limit")] for group in small for p in group
    }


def _too_many(groups: Sequence[Group], most: int | None, keep: str) -> Refusals:
    if most is None or len(groups) <= most:
        return {}
    rule = f"a place among the {keep} {most} partitions"
    found = f"{len(groups)} partitions, this one of {{}} ops"
    dropped = sorted(groups, key=KEEP[keep])[most:]
    return {p: [Refusal(rule, found.format(len(group)), kind="limit")] for group in dropped for p in group}


# Which partitions a delegate with max_partitions keeps: those that sort first.
KEEP: dict[str, Callable[[Group], int]] = {"largest": lambda group: -len(group), "first": lambda group: 0}


def _unknown_shape(tensor: Tensor) -> Refusal:
    found = f"tensor {tensor.index} {tensor.name!r} of unknown shape"
    return Refusal("shapes known before the run", found, kind="dynamic")


def _written_variables(ops: Iterable[Op]) -> tuple[Tensor, ...]:
    """Return the state that ops of a partition write, each tensor once, by index."""
    written = {t.index: t for op in ops for t in op.variables}
    return tuple(written[i] for i in sorted(written))
