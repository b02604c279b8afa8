"""Partition a model: which delegate runs which ops, in what order, and why not another.

Source of the grouping rule: tflite/graph_info.cc, PartitionGraphIntoIndependentNodeSubsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contract import CORE, NOBODY, Delegate, Fallback, Partition, Plan, SubgraphPlan
from ..contract.asking import ask_or, member_or
from ..contract.guard import Unfit, count, count_or_none, shown
from ..errors import OptionError
from ..kinds import check_kind, several, whole
from ..model import Graph, Model
from ..plugins import Plugins, label_apart
from .decisions import Decisions
from .greedy import KEEP, Limits, Policy, Reasons, Work
from .log_fallbacks import log_fallbacks
from .policies import POLICIES

if TYPE_CHECKING:
    from .cost_model import CostModel

__all__ = ["CORE", "NOBODY", "Fallback", "Partition", "Plan", "SubgraphPlan", "partition"]


def partition(
    model: Model,
    delegates: Sequence[Delegate],
    *,
    min_ops: int | None = None,
    max_partitions: int | None = None,
    policy: str = "greedy",
    require_full_delegation: bool = False,
    plugins: Plugins | None = None,
    refused: Mapping[tuple[int, int], Reasons] | None = None,
    decisions: Decisions | None = None,
) -> Plan:
    """Decide which delegate runs which ops, log every fallback and show the plan to the plugins.

    :param model: with shapes propagated and constants folded (:func:`delegraph.partition.specialize`).
    :param delegates: in order of preference. Where labels collide, the later delegate is renamed.
    :param min_ops: a smaller partition goes to the next delegate, in place of what the delegates say
        themselves. The last one keeps its own limit, since nobody comes after it.
    :param max_partitions: keep this many partitions of a subgraph, likewise.
    :param policy: how to choose: ``"greedy"`` as TFLite does, ``"cost"`` so that a run is estimated to take
        least, ``"auto"`` as was the fastest when the model's plans were measured: a key of
        ``delegraph.partition.policies.POLICIES``.
    :param require_full_delegation: every op that core does not run has to go to the first delegate.
    :param refused: refusals known beforehand, by (subgraph, op index) and label: of what failed to run.
    :param decisions: what delegates said of ops while the model was specialized: they are not asked again.
    :raises UnsupportedOps: ``require_full_delegation``, and some op did not go to the first delegate.
    :raises OptionError: there is no such policy.
    :raises InputError: a limit is below 1, or ``delegates`` holds something else than loaded delegates.
    :raises ModelError: an op reads what a later op, or none, computes.
    """
    check_kind("model", model, Model, "a Model")
    check_kind("plugins", plugins, (Plugins, type(None)), "plugins or None")
    check_kind("refused", refused, (Mapping, type(None)), "reasons by subgraph and op")
    plugins = plugins or Plugins.installed()
    cut_up = _policy(policy)
    _check(delegates, min_ops, max_partitions)
    label_apart(delegates)
    for delegate in delegates:
        if not delegate.has_table:  # made by hand, not loaded by name
            delegate.table = plugins.table(delegate)
    decisions = decisions or Decisions()
    results = _signature_outputs(model)
    models = {} if policy == "greedy" else _cost_models(delegates)
    subgraphs = []
    for graph in model.subgraphs:
        limits = _limits(graph, delegates, min_ops, max_partitions)
        kept = results.get(graph.index, set())
        work = Work(model, graph, limits, decisions, plugins.veto(), refused or {}, kept, models)
        order, owners = cut_up(work)
        parts = work.partitions(order, owners)
        estimates = {name: found.seconds for name, found in work.estimates.items()}
        subgraphs.append(SubgraphPlan(graph, tuple(parts), work.refusals, graph.folded, estimates))
    plan = Plan(model, tuple(dict.fromkeys(delegates)), tuple(subgraphs))
    if require_full_delegation:
        plan.check_full()
    log_fallbacks(plan)
    plugins.partitioned(plan)
    return plan


def _cost_models(delegates: Sequence[Delegate]) -> dict[Delegate, CostModel]:
    from .cost_model import cost_models

    return cost_models(delegates)


def _policy(name: str) -> Policy:
    if not isinstance(name, str) or name not in POLICIES:
        raise OptionError(f"no policy {name!r} for partitioning; there is: {', '.join(POLICIES)}")
    return POLICIES[name]


def _check(delegates: Sequence[Delegate], min_ops: int | None, max_partitions: int | None) -> None:
    for name, value in (("min_ops", min_ops), ("max_partitions", max_partitions)):
        if value is not None:
            whole(name, value, 1)
    several("delegates", delegates, Delegate, "loaded delegates (see load_delegate)")


def _limits(
    graph: Graph, delegates: Sequence[Delegate], min_ops: int | None, max_partitions: int | None
) -> dict[Delegate, Limits]:
    """Return the limits of each delegate; the arguments hold for all but the last."""
    found = {}
    for d in delegates:
        least, most = (None, None) if d is delegates[-1] else (min_ops, max_partitions)
        found[d] = Limits(
            member_or(d, "min_ops", count, 1) if least is None else least,
            ask_or(d, "partition_limit", count_or_none, None, graph) if most is None else most,
            member_or(d, "keep", _kept, "largest"),
        )
    return found


def _kept(which: Any) -> str:
    if which not in KEEP:
        raise Unfit(f"{' or '.join(map(repr, KEEP))}, found {shown(which)}")
    return str(which)


def _signature_outputs(model: Model) -> dict[int, set[int]]:
    """Return the tensors that signatures name as results, by subgraph; outputs may leave them out."""
    found: dict[int, set[int]] = {}
    for signature in model.signatures:
        found.setdefault(signature.subgraph, set()).update(signature.outputs.values())
    return found
