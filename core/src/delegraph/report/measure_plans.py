"""Measure the plans that there are for a model, in turn: of each policy, and of each delegate first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter

import numpy as np

from ..contract import Delegate, Plan
from ..log import fallbacks_unsaid
from ..model import Model
from ..partition.measured_choice import is_decided
from ..run import Interface, Interpreter
from .prepared_model import PreparedModel

SECONDS = 0.3  # of runs, per plan
LONGER = 6  # times that, where it is not sure which plan is the fastest
LEAST = 9  # runs of a plan: of fewer nothing is sure


def measured_plans(
    model: Model,
    interface: Interface,
    inputs: Mapping[str, np.ndarray],
    delegates: Sequence[Delegate],
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Model, dict[str, list[float]]]:
    """Return the model as it was planned, and what runs of each plan took in turn, by the plan's name.

    A plan that does the same as one before it is not measured again.

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
            if name == "greedy":
                planned = interpreter.plan.model
            if same == name:
                prepared = PreparedModel(interpreter, interface, inputs)
                prepared.prepare()
                runs[name] = prepared.invoke
        found = times_in_turn(runs, seconds)
    return planned, found


def times_in_turn(
    runs: Mapping[str, Callable[[], None]], seconds: float = SECONDS, least: int = LEAST
) -> dict[str, list[float]]:
    """Return what each run took in each round: in as many as make sure which is the fastest, or as time is.

    :param runs: by name, ``greedy`` among them.
    :param seconds: per plan; up to :data:`LONGER` times that.
    :param least: rounds.
    """
    for run in runs.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    start, rounds = perf_counter(), 0
    while rounds < least or not _is_enough(found, perf_counter() - start, seconds * len(runs)):
        rounds += 1
        names.append(names.pop(0))  # nobody is always the one after another
        for name in names:
            runs[name]()  # wakes what slept while the others ran
            before = perf_counter()
            runs[name]()
            found[name].append(perf_counter() - before)
    return found


def _is_enough(found: Mapping[str, Sequence[float]], spent: float, wanted: float) -> bool:
    return spent >= LONGER * wanted or (spent >= wanted and is_decided(found))


def _done(plan: Plan) -> str:
    """Return who runs what: the same text for plans that do the same."""
    parts = [p for sub in plan.reached for p in sub.partitions]
    return ";".join(f"{p.subgraph} {p.label} {[op.index for op in p.ops]}" for p in parts)
