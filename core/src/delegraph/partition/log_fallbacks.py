"""What delegates leave over, in the log: one line for a model; at level INFO each op with its reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..contract import NOBODY, Fallback, Plan
from ..log import logger
from ..model import said_first
from ..text import few, plural

_WARNING = 30  # logging.WARNING


def log_fallbacks(plan: Plan) -> None:
    """Log that delegates did not take some ops, unless that was said of the model before."""
    told = {d.label for d in plan.delegates if d.out_of_use is not None}  # once, when it was looked for
    fallbacks = [f for f in plan.fallbacks if f.delegate not in told]
    if not fallbacks or not logger.isEnabledFor(_WARNING):
        return
    said = _summary(plan, fallbacks)
    if said_first(plan.model, said):
        logger.warning("%s", said, extra={"details": "-v says why"})
    for fallback in fallbacks:
        logger.info("%s", fallback)


def _summary(plan: Plan, fallbacks: Sequence[Fallback]) -> str:
    labels = dict.fromkeys(f.delegate for f in fallbacks)
    return "; ".join(
        _of_one(plan, label, [f for f in fallbacks if f.delegate == label]) for label in labels
    )


def _of_one(plan: Plan, label: str, fallbacks: Sequence[Fallback]) -> str:
    taken = sum(len(p.ops) for s in plan.reached for p in s.partitions if p.label == label)
    names = Counter(f.op.name for f in fallbacks).most_common()
    which = few([f"{name} ×{n}" if n > 1 else name for name, n in names])
    asked = plural(taken + len(fallbacks), "op")
    return f"{label} does not take {len(fallbacks)} of {asked} ({which}): {_instead(fallbacks)}"


def _instead(fallbacks: Sequence[Fallback]) -> str:
    on = dict.fromkeys(f.runs_on for f in fallbacks if f.runs_on != NOBODY)
    if not on:
        return "no delegate does"
    return f"they run on {' and '.join(on)}" if len(fallbacks) > 1 else f"it runs on {next(iter(on))}"
