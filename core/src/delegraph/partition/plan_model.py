"""Plan a model without running it: which delegate would run which ops, and why not another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

from ..contract import Delegate, Plan, Refusal
from ..contract.asking import ask, tell
from ..contract.guard import Unfit, shown
from ..errors import DelegraphError, ModelError, PluginError
from ..file import check_model
from ..kinds import check_kind
from ..log import fallbacks_unsaid
from ..model import Model
from ..plugins import Plugins, Wanted, resolve_delegates
from .budget import DEFAULT_BUDGET, Budget
from .decisions import Decisions
from .partition import partition
from .specialize import specialize


def plan_model(
    model: Model,
    delegates: Wanted | Sequence[Wanted],
    *,
    warn: bool = True,
    anywhere: bool = False,
    budget: Budget = DEFAULT_BUDGET,
    min_ops: int | None = None,
    max_partitions: int | None = None,
    policy: str = "greedy",
    require_full_delegation: bool = False,
    refused: Mapping[tuple[int, int], Mapping[str, Sequence[Refusal]]] | None = None,
) -> Plan:
    """Return the plan an interpreter would make; no device is opened, and ops may be left to nobody.

    :param delegates: names or loaded delegates in order of preference; what they leave over goes to the
        reference delegate where that is installed.
    :param warn: log a warning for each op that a delegate was asked for and does not take.
    :param anywhere: plan for a machine on which every delegate can work. Else one that cannot work on this
        machine takes no op, as in an interpreter.
    :param budget: what the model may ask for while it is planned.
    :param min_ops: a smaller partition goes to the next delegate, in place of what the delegates say.
    :param max_partitions: keep this many partitions of a subgraph, likewise.
    :param policy: how to choose: ``"greedy"``, as TFLite does, ``"cost"`` or ``"auto"``.
    :param require_full_delegation: every op that core does not run has to go to the first delegate.
    :param refused: refusals known beforehand, by (subgraph, op index) and by the label of the delegate.
    :raises UnsupportedOps: ``require_full_delegation``, and some op did not go to the first delegate.
    """
    check_kind("model", model, Model, "a Model")
    check_model(model)
    loaded = resolve_delegates(delegates)
    with nullcontext() if warn else fallbacks_unsaid():
        if anywhere:
            for delegate in loaded:
                delegate.out_of_use = None
        else:
            Plugins.installed().look_for(loaded)
        decisions = Decisions()
        ready = specialize(adapted(model, loaded), delegates=loaded, budget=budget, decisions=decisions)
        return partition(
            ready,
            loaded,
            min_ops=min_ops,
            max_partitions=max_partitions,
            policy=policy,
            require_full_delegation=require_full_delegation,
            refused=refused,
            decisions=decisions,
        )


def adapted(model: Model, delegates: Iterable[Delegate]) -> Model:
    """Return the model in the form that the options of its delegates ask for.

    A delegate whose ``adapted`` fails with something else than an error of the project takes no op.
    """
    for delegate in delegates:
        if delegate.out_of_use is None:
            try:
                model = ask(delegate, "adapted", partial(_in_its_place, model), model)
            except PluginError as e:
                if isinstance(e.__cause__, DelegraphError):  # the model, or an option, does not fit
                    raise e.__cause__ from None
                delegate.out_of_use = str(e)
                tell(delegate, str(e))
    return model


def _in_its_place(model: Model, answer: Any) -> Model:
    if not isinstance(answer, Model):
        raise Unfit(f"a Model, found {shown(answer)}")
    if answer is not model:
        try:
            check_model(answer)
        except ModelError as e:
            raise Unfit(f"a sound model, found one that is not: {e}") from e
    return answer
