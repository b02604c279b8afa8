"""What the delegate's process knows of cases: those that authors offer, and the claims that have none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain

from delegraph import Delegate, OpSupport, Plugins, plan_model

from .catalogue import CaseName, case_of, names
from .claims import ClaimsOfRow
from .op_case import OpCase
from .recipe import PLAIN_VARIANT
from .subject import Subject
from .trial import CaseOutcome, tried

HOW = "add one through the hook delegraph_conformance_cases, as delegraph_conformance.OpCase describes it"


def authors_ids(subject: Subject) -> list[str]:
    """Return the ids of the cases that plugins offer of the ops in the delegate's table."""
    claimed = set(claimed_ops(subject))
    return [name for name, case in _authors_cases().items() if case.op in claimed]


def claimed_ops(subject: Subject) -> list[str]:
    """Return the ops of the delegate's table."""
    return sorted({row.op for row in subject.delegate.table.rows})


def try_authors_case(subject: Subject, name: str, timed: bool) -> CaseOutcome:
    """Try a case that a plugin offers."""
    return tried(subject, _authors_cases()[name], timed)


def try_case(subject: Subject, name: CaseName, timed: bool) -> CaseOutcome:
    """Try a case of the catalogue."""
    return tried(subject, case_of(name), timed)


def claims_without_case(subject: Subject, op: str) -> list[str]:
    """Return, in words, what rows of an op claim and no case tries.

    These are versions, types of operands, and operands that may be absent, each there and not there. A case
    counts where the delegate gets the op to run: not if another one computes it, or ``check()`` refuses it.
    """
    claims = [ClaimsOfRow(row) for row in subject.delegate.table.rows if row.op == op]
    for case in chain(_plain_cases(op), _variants(op)):  # variants are many, and seldom needed
        if not any(claim.untried for claim in claims):
            break
        row, _ = subject.delegate.decide(case.tested, case.model.subgraphs[0])
        calls = len(case.model.subgraphs) > 1  # such a row is known when all is planned
        hoped = [c for c in claims if calls or c.row == row]
        if any(claim.gets_from(case.tested) for claim in hoped):
            run = run_by(subject.delegate, case)
            for claim in [c for c in claims if c.row == run][:1]:
                claim.add(case.tested)
    return [f"{text}; {HOW}" for claim in claims for text in claim.untried_text()]


def run_by(delegate: Delegate, case: OpCase) -> OpSupport | None:
    """Return the row by which a delegate runs the op of a case; None if it does not run it."""
    index, plan = case.tested.index, plan_model(case.model, [delegate])
    found = next((p.rows[index] for p in plan.partitions if index in p.rows), None)
    if found is None and index in {op.index for op in plan.subgraphs[0].folded}:
        # The reference delegate computes constants; another one is given them when the case is tried.
        found, _ = delegate.decide(case.tested, case.model.subgraphs[0])
    return found


def _plain_cases(op: str) -> Iterator[OpCase]:
    yield from (case_of(name) for name in names(op) if name.variant == PLAIN_VARIANT)
    yield from (case for case in _authors_cases().values() if case.op == op)


def _variants(op: str) -> Iterator[OpCase]:
    yield from (case_of(name) for name in names(op) if name.variant != PLAIN_VARIANT)


@cache
def _authors_cases() -> dict[str, OpCase]:
    return {case.id: case for case in Plugins.installed().conformance_cases()}
