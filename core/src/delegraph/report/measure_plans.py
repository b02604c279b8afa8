"""Measure the plans that there are for a model, in turn: of each policy, and of each delegate first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import perf_counter

from ..contract import Delegate, Plan
from ..log import fallbacks_unsaid
from ..model import Model
from ..run import Interpreter

SECONDS = 0.3  # of runs, per plan
LEAST = 5  # runs of a plan


def measured_plans(
    model: Model,
    delegates: Sequence[Delegate],
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Model, dict[str, float]]:
    """Return the model as it was planned, and what the fastest run of each plan took, by the plan's name.

    Inputs are zeros. A plan that does the same as one before it is not measured again.

    :param progress: called before each plan is prepared.
    """
    orders = {"greedy": list(delegates), "cost": list(delegates)}
    orders |= {d.label: [d, *(o for o in delegates if o is not d)] for d in delegates[1:]}
    names: dict[str, str] = {}  # of the plan, by what it does
    runs: dict[str, Callable[[], None]] = {}
    with fallbacks_unsaid(), ExitStack() as stack:
        for name, order in orders.items():
            progress(name)
            policy = "cost" if name == "cost" else "greedy"
            interpreter = stack.enter_context(Interpreter(model=model, delegates=order, policy=policy))
            same = names.setdefault(_done(interpreter.plan), name)
            if same == name:
                interpreter.allocate_tensors()
                runs[name] = interpreter.invoke
            if name == "greedy":
                planned = interpreter.plan.model
        found = _in_turn(runs, seconds)
    return planned, found


def _done(plan: Plan) -> str:
    """Return who runs what: the same text for plans that do the same."""
    parts = [p for sub in plan.reached for p in sub.partitions]
    return ";".join(f"{p.subgraph} {p.label} {[op.index for op in p.ops]}" for p in parts)


def _in_turn(runs: dict[str, Callable[[], None]], seconds: float) -> dict[str, float]:
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    start, rounds = perf_counter(), 0
    while rounds < LEAST or perf_counter() - start < seconds * len(runs):
        rounds += 1
        for name, run in runs.items():
            run()  # wakes what slept while the others ran
            before = perf_counter()
            run()
            best[name] = min(best[name], perf_counter() - before)
    return best
