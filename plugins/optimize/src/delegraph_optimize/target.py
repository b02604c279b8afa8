"""Which of the quantized ops the delegates of a target would not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from delegraph import Delegate, Plan, load_delegate, plan_model

from .schemes import Verdict
from .writer import ModelEdit

Place = tuple[int, int]


def refused_by(
    target: str | Delegate | Sequence[str | Delegate], edit: ModelEdit, verdicts: Mapping[Place, Verdict]
) -> dict[Place, str]:
    """Return the quantized ops that no delegate of the target takes, by their place before, with the
    reason.
    """
    given = [target] if isinstance(target, (str, Delegate)) else list(target)
    names = [n for g in given for n in (g.split(",") if isinstance(g, str) else [g])]
    loaded = [load_delegate(n.strip()) if isinstance(n, str) else n for n in names]
    plan = plan_model(edit.model(), loaded, warn=False, anywhere=True)
    found: dict[Place, str] = {}
    for (place, index), why in _left_over(plan, [d.label for d in loaded]).items():
        source = edit.graphs[place].nodes[index].source
        if source is not None and verdicts.get((place, source.index), Verdict(False)).done:
            found[place, source.index] = why
    return found


def _left_over(plan: Plan, labels: Sequence[str]) -> dict[Place, str]:
    """Return the ops that run on none of these delegates, with what each says of them."""
    found: dict[Place, str] = {}
    for fallback in plan.fallbacks:
        if fallback.runs_on not in labels:
            said = "; ".join(f"{fallback.delegate} {refusal}" for refusal in fallback.refusals)
            key = (fallback.graph.index if fallback.graph is not None else 0, fallback.op.index)
            found[key] = f"{found[key]}; {said}" if key in found else said
    return found
