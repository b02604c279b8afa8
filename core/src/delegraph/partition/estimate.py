"""How long a run of a plan is estimated to take: its ops, hand-overs, the launches of partitions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..contract import Delegate, Plan, SubgraphPlan
from ..model import HANDLES, Graph
from ..values import frozen
from .cost_model import CostModel, cost_models
from .memory_estimate import nbytes

# Seconds of a cut that no run of one delegate shows: its threads sleep while another one runs, and what is
# on both sides is not fused. Plans that were measured took 30 µs and more beyond the sum of their parts.
CUT = 1e-4
Owners = Sequence["Delegate | None"]  # by the position of an op; None: core, or nobody


@frozen
class Crossing:
    """A tensor that may be handed over: from who computes it to who reads it."""

    nbytes: int
    maker: int | None  # the position of an op; None: the caller
    readers: tuple[int, ...]  # positions of ops
    is_read_after: bool  # by the caller


@frozen
class TimeEstimate:
    """Seconds of one run."""

    ops: float
    hand_overs: float
    launches: float

    @property
    def seconds(self) -> float:
        return self.ops + self.hand_overs + self.launches

    def __add__(self, other: TimeEstimate) -> TimeEstimate:
        return TimeEstimate(
            self.ops + other.ops, self.hand_overs + other.hand_overs, self.launches + other.launches
        )


def crossings(graph: Graph, kept: Collection[int] = ()) -> list[Crossing]:
    """Return the tensors of a graph that ops may hand over: no constants, no state, no handles.

    :param kept: indices of tensors that are read after a run, besides the outputs of the graph.
    """
    after = {t.index for t in graph.outputs} | set(kept)
    sizes: dict[int, int] = {}
    maker: dict[int, int] = {}
    readers: dict[int, dict[int, None]] = {}
    for position, op in enumerate(graph.ops):
        for t in op.inputs:
            if t is not None and not (t.is_constant or t.is_variable or t.dtype in HANDLES):
                sizes[t.index] = 0 if t.shape is None else nbytes(t)
                readers.setdefault(t.index, {})[position] = None
        for t in op.outputs:
            if not (t.is_variable or t.dtype in HANDLES):
                sizes[t.index] = 0 if t.shape is None else nbytes(t)
                maker[t.index] = position
    return [
        Crossing(size, maker.get(i), tuple(readers.get(i, ())), i in after) for i, size in sizes.items()
    ]


def estimate(plan: Plan, models: Mapping[Delegate, CostModel] | None = None) -> TimeEstimate:
    """Return how long a run of a plan is estimated to take; each subgraph that runs counts once.

    :param models: of the plan's delegates; None: what is known of them.
    """
    models = cost_models(plan.delegates) if models is None else models
    kept = {(s.subgraph, i) for s in plan.model.signatures for i in s.outputs.values()}
    total = TimeEstimate(0.0, 0.0, 0.0)
    for sub in plan.reached:
        total += _of_subgraph(sub, models, {i for g, i in kept if g == sub.graph.index})
    return total


def _of_subgraph(
    sub: SubgraphPlan, models: Mapping[Delegate, CostModel], kept: Collection[int]
) -> TimeEstimate:
    owner_of = {op.index: p.delegate for p in sub.partitions for op in p.ops}
    owners = [owner_of[op.index] for op in sub.graph.ops]
    took = [0.0 if d is None else models[d].op(op) for d, op in zip(owners, sub.graph.ops, strict=True)]
    launched = [p.delegate for p in sub.partitions if p.delegate is not None]
    return spent(took, crossings(sub.graph, kept), owners, launched, models)


def spent(
    ops: Iterable[float],
    tensors: Iterable[Crossing],
    owners: Owners,
    launched: Iterable[Delegate],
    models: Mapping[Delegate, CostModel],
) -> TimeEstimate:
    """Return what a run takes where this delegate runs that op.

    :param ops: the seconds of each.
    :param launched: the delegate of each partition.
    """
    handed = 0.0
    for t in tensors:
        maker = None if t.maker is None else owners[t.maker]
        others = {owners[r] for r in t.readers}
        if t.is_read_after:
            others.add(None)
        others.discard(maker)
        if others and t.nbytes:
            handed += 0.0 if maker is None else models[maker].handed_out(t.nbytes)
            handed += sum(models[d].handed_in(t.nbytes) for d in others if d is not None)
    launches = [models[d].launch for d in launched]
    return TimeEstimate(sum(ops), handed, sum(launches) + CUT * max(len(launches) - 1, 0))
