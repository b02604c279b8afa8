"""Which of the quantized ops the delegates of a target would not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from delegraph import Delegate, Model, Plan, load_delegate, plan_model

from .bounds import budget
from .schemes import Verdict
from .writer import ModelEdit

Place = tuple[int, int]
Target = str | Delegate | Sequence["str | Delegate"]


def loaded_target(target: Target) -> list[Delegate]:
    """Return the delegates that a target names: ``"edgetpu"``, ``"opencl,reference"``, or loaded ones."""
    given = [target] if isinstance(target, (str, Delegate)) else list(target)
    names = [n for g in given for n in (g.split(",") if isinstance(g, str) else [g])]
    return [load_delegate(n.strip()) if isinstance(n, str) else n for n in names]


def plan_for(target: Sequence[Delegate], model: Model) -> Plan:
    return plan_model(model, target, warn=False, anywhere=True, budget=budget())


def compilers_tables(plan: Plan, wished: Plan) -> list[str]:
    """Return what the compilers of a plan's delegates say: of those that have ``mapping(plan, wished)``.

    :param wished: the plan of the model as it would be if they took all ops
    """
    found = [getattr(delegate, "mapping", None) for delegate in plan.delegates]
    return [mapping(plan, wished) for mapping in found if mapping is not None]


def refused_by(
    target: Sequence[Delegate], edit: ModelEdit, verdicts: Mapping[Place, Verdict]
) -> dict[Place, str]:
    """Return the quantized ops that no delegate of a target takes, by their place before, with the reason.

    An op that has integers there, and is left to others for the number or the size of partitions, keeps
    them.
    """
    found: dict[Place, str] = {}
    plan = plan_for(target, edit.model())
    for (place, index), why in _left_over(plan, [d.label for d in target]).items():
        source = edit.graphs[place].nodes[index].source
        if source is not None and verdicts.get((place, source.index), Verdict(False)).done:
            found[place, source.index] = why
    return found


def _left_over(plan: Plan, labels: Sequence[str]) -> dict[Place, str]:
    """Return the ops that run on none of these delegates, with what each says of them."""
    said: dict[Place, list[str]] = {}
    for fallback in plan.fallbacks:
        reasons = [f"{fallback.delegate} {r}" for r in fallback.refusals if r.kind != "limit"]
        if fallback.runs_on not in labels:
            place = (fallback.graph.index if fallback.graph is not None else 0, fallback.op.index)
            said.setdefault(place, []).append("; ".join(reasons))
    return {place: "; ".join(all_) for place, all_ in said.items() if all(all_)}
