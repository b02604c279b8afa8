"""What a delegate makes of a case: run in the delegate's process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from attrs import evolve, frozen
from delegraph import (
    Delegate,
    DelegraphError,
    Interpreter,
    OpSupport,
    Partition,
    UnknownDelegate,
    UnsupportedOps,
    load_delegate,
)

from .distance import Distance, distance
from .op_case import OpCase
from .subject import Subject

REFERENCE = "reference"
_HALF = 2.0**-10  # of two halves beside each other, relative to them
_REPEATS = 3  # of a run that is timed


@frozen
class CaseOutcome:
    """What came of a case."""

    kind: str  # "delegated"; "folded": a constant that the reference delegate computes; "refused"
    problem: str = ""  # what is wrong
    why: str = ""  # why it was refused
    distance: Distance | None = None  # of the outputs from those that are right
    seconds: float | None = None  # of a run, at best
    op: str = ""
    version: int = 0
    types: str = ""  # of the op's operands: "float32:int32>float32"

    @property
    def recorded(self) -> dict[str, Any]:
        """What a support card needs, in plain values."""
        off = self.distance or Distance()
        return {
            "kind": "failed" if self.problem else self.kind,
            "steps": off.steps,
            "rtol": off.rtol,
            "seconds": self.seconds,
            "why": self.problem or self.why,
        }


def tried(subject: Subject, case: OpCase, timed: bool = False) -> CaseOutcome:
    """Return what came of a case, and of which op."""
    op = case.tested
    ins, outs = (":".join(t.dtype if t else "-" for t in side) for side in (op.inputs, op.outputs))
    found = _tried(subject, case, timed)
    return evolve(found, op=op.name, version=op.version, types=f"{ins}>{outs}")


def _tried(subject: Subject, case: OpCase, timed: bool) -> CaseOutcome:
    """Return what came of a case.

    The op must be in a partition of the delegate, and its outputs as near to the right ones as the row
    claims; or there is a reason why not, and the next delegate that takes it is right.
    """
    next_one = None if subject.name == REFERENCE else _reference()
    delegates = [subject.delegate, *([next_one] if next_one else [])]
    try:
        with Interpreter(model=case.model, delegates=delegates) as it:
            return _judged(subject.delegate, case, it, timed)
    except UnsupportedOps as e:
        reasons = [r for f in e.fallbacks if f.delegate == subject.delegate.label for r in f.refusals]
        # Nobody runs it instead: what the reference delegate lacks, a package that is not here may bring.
        return CaseOutcome("refused", _without_reason(reasons), "; ".join(map(str, reasons)))
    except DelegraphError as e:
        raised = f"{type(e).__name__}: {e}"
        ran = getattr(getattr(e, "partition", None), "delegate", subject.delegate)
        if ran is subject.delegate:
            return CaseOutcome("delegated", raised)
        return CaseOutcome("refused", _of_next(subject.delegate, ran, case, raised))


def _judged(delegate: Delegate, case: OpCase, it: Interpreter, timed: bool) -> CaseOutcome:
    found = _outputs(it, case.inputs)
    partition = _partition(it, case)
    off = distance(found, case.outputs, case.largest)
    if partition is None:
        folded = CaseOutcome("folded", _beyond(off, None), distance=_number(off))
        return folded if folded.problem else _given_constants(delegate, case) or folded
    if partition.delegate is not delegate:
        return _refused(delegate, case, it, partition, off)
    row = partition.rows[case.tested.index]
    if row.rtol >= _HALF and _beyond(off, row):
        off = _from_halves(delegate, found, case) or off
    seconds = min(_seconds(it) for _ in range(_REPEATS)) if timed else None
    return CaseOutcome("delegated", _beyond(off, row), "", _number(off), seconds)


def _from_halves(delegate: Delegate, found: Sequence[np.ndarray], case: OpCase) -> Distance | str | None:
    """Return how far outputs are from those that are right, or that are of inputs rounded to halves.

    What claims no more than half precision may read its operands so: of 1e-9, a zero, SIGN is 0, and FLOOR
    of 2.9999, which is 3, is 3. None if the reference delegate cannot say what is right of them.
    """
    reference = _reference()
    if reference is None or reference.name == delegate.name:
        return None
    with np.errstate(over="ignore"):
        rounded = [
            a.astype(np.float16).astype(a.dtype) if a.dtype == np.float32 else a for a in case.inputs
        ]
    try:
        with Interpreter(model=case.model, delegates=[reference]) as it:
            of_halves = _outputs(it, rounded)
    except DelegraphError:
        return None
    nearer = [_nearer(*each) for each in zip(found, case.outputs, of_halves, strict=True)]
    return distance(found, nearer, case.largest)


def _nearer(found: np.ndarray, right: np.ndarray, other: np.ndarray) -> np.ndarray:
    if not found.shape == right.shape == other.shape or right.dtype.kind not in "fb":
        return right
    x, a, b = (v.astype(np.float64) for v in (found, right, other))
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(x - b) < np.abs(x - a), other, right)


def _given_constants(delegate: Delegate, case: OpCase) -> CaseOutcome | None:
    """Return what a delegate makes of an op that core folds; None if it is not the only one.

    Core has the reference delegate compute constants. Without that, the delegate would be given them.
    """
    graph, op = case.model.subgraphs[0], case.tested
    if delegate.name == REFERENCE or len(graph.ops) > 1:
        return None
    row, reasons = delegate.decide(op, graph)
    if row is None:
        return CaseOutcome("refused", _without_reason(reasons), "; ".join(map(str, reasons)))
    read = tuple(t for t in op.inputs if t is not None and not t.is_constant)
    rows = {op.index: row}
    part = Partition(delegate, delegate.label, (op,), read, op.outputs, graph=graph, rows=rows)
    given = {t.index: a for t, a in zip(graph.inputs, case.inputs, strict=True)}
    try:
        results = delegate.prepare(part)(*(given[t.index] for t in read))
    except Exception as e:
        return CaseOutcome("delegated", f"{type(e).__name__}: {e}")
    off = distance([np.asarray(a) for a in results], case.outputs, case.largest)
    return CaseOutcome("delegated", _beyond(off, row), distance=_number(off))


def _refused(
    delegate: Delegate, case: OpCase, it: Interpreter, partition: Partition, off: Distance | str
) -> CaseOutcome:
    """Say why the delegate did not take the op, and what is wrong with the one that ran it instead."""
    fallbacks = [f for f in it.plan.fallbacks if f.delegate == delegate.label]
    reasons = [r for f in fallbacks if f.op.index == case.tested.index for r in f.refusals]
    problem = _without_reason(reasons)
    if not problem and (wrong := _beyond(off, partition.rows.get(case.tested.index))):
        problem = _of_next(delegate, partition.delegate, case, wrong)
    return CaseOutcome("refused", problem, "; ".join(map(str, reasons)))


def _of_next(delegate: Delegate, next_one: Delegate | None, case: OpCase, wrong: str) -> str:
    """Say what is wrong where another delegate runs the op, and whose fault it is."""
    if next_one is None:
        return f"core, which runs it: {wrong}; a fault of core or of the case, not of {delegate.label}"
    fault = f"a fault of {next_one.label} or of the case, not of {delegate.label}"
    if not _wrong_alone(next_one, case):
        fault = f"it is right without {delegate.label}, whose adapted() or partitions change what it gets"
    return f"{next_one.label}, which runs it instead: {wrong}; {fault}"


def _wrong_alone(delegate: Delegate, case: OpCase) -> str:
    """Say what is wrong with a delegate that runs a case alone; "" if nothing is."""
    try:
        with Interpreter(model=case.model, delegates=[delegate]) as it:
            return _judged(delegate, case, it, timed=False).problem
    except DelegraphError as e:
        return str(e)


def _without_reason(reasons: Sequence[object]) -> str:
    return "" if reasons else "is neither delegated nor refused for a reason"


def _partition(it: Interpreter, case: OpCase) -> Partition | None:
    """Return the partition that has the op; None if it was folded."""
    return next((p for p in it.plan.partitions for op in p.ops if op.index == case.tested.index), None)


def _outputs(it: Interpreter, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    it.allocate_tensors()
    for detail, array in zip(it.get_input_details(), inputs, strict=True):
        it.set_tensor(detail["index"], array)
    it.invoke()
    return [np.asarray(it.get_tensor(detail["index"])) for detail in it.get_output_details()]


def _seconds(it: Interpreter) -> float:
    start = time.perf_counter()
    it.invoke()
    return time.perf_counter() - start


def _beyond(off: Distance | str, row: OpSupport | None) -> str:
    if isinstance(off, str):
        return off
    return off.beyond(row.steps, row.rtol) if row else off.beyond(0, 0.0)


def _number(off: Distance | str) -> Distance | None:
    return None if isinstance(off, str) else off


@cache
def _reference() -> Delegate | None:
    with suppress(UnknownDelegate):
        return load_delegate(REFERENCE)
    return None
