"""What the delegate's process knows of cases: those that authors offer, and the claims that have none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from delegraph import Delegate, Op, OpSupport, Plugins, plan_model

from .catalogue import CaseName, case_of, names
from .op_case import OpCase
from .recipe import EVERY_TYPE, PLAIN_VARIANT
from .subject import Subject
from .trial import CaseOutcome, tried

HOW = "add one through the hook delegraph_conformance_cases, as delegraph_conformance.OpCase describes it"


def authors_ids(subject: Subject) -> list[str]:
    """Return the ids of the cases that plugins offer."""
    return list(_authors_cases())


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
    """Return, in words, what rows of an op claim and no case tries: versions, and types of operands."""
    rows = [row for row in subject.delegate.table.rows if row.op == op]
    seen: dict[int, list[Op]] = {place: [] for place in range(len(rows))}
    untried: list[str] = []
    for cases in (_plain_cases(op), _variants(op)):  # variants are many, and seldom needed
        for case in cases:
            row = _row(subject.delegate, case)
            place = next((i for i, r in enumerate(rows) if r == row), None)
            if place is not None:
                seen[place].append(case.tested)
        untried = [text for place, row in enumerate(rows) for text in _untried(row, seen[place])]
        if not untried:
            break
    return untried


def _row(delegate: Delegate, case: OpCase) -> OpSupport | None:
    """Return the row by which a delegate takes the op of a case; one that calls subgraphs needs a plan."""
    found, _ = delegate.decide(case.tested, case.model.subgraphs[0])
    if found is not None or len(case.model.subgraphs) == 1:
        return found
    index, plan = case.tested.index, plan_model(case.model, [delegate])
    own = [p for p in plan.partitions if p.delegate is delegate]
    return next((p.rows[index] for p in own if index in p.rows), None)


def _plain_cases(op: str) -> Iterator[OpCase]:
    yield from (case_of(name) for name in names(op) if name.variant == PLAIN_VARIANT)
    yield from (case for case in _authors_cases().values() if case.op == op)


def _variants(op: str) -> Iterator[OpCase]:
    yield from (case_of(name) for name in names(op) if name.variant != PLAIN_VARIANT)


def _untried(row: OpSupport, ops: list[Op]) -> Iterator[str]:
    if not ops:
        yield f"{row.op} v{row.versions_text} {row.types_text}: no case; {HOW}"
        return
    versions = {op.version for op in ops}
    missing = [v for v in range(row.versions[0], row.versions[1] + 1) if v not in versions]
    if missing:
        yield f"{row.op} {row.types_text}: no case of version {', '.join(map(str, missing))}; {HOW}"
    for place, left in _untried_types(row, ops):
        claim = f"{row.op} v{row.versions_text} {row.types_text}"
        yield f"{claim}: no case with {', '.join(left)} as {place}; {HOW}"


def _untried_types(row: OpSupport, ops: list[Op]) -> Iterator[tuple[str, list[str]]]:
    """Yield operands, and the types that the row allows there and no case has."""
    for side, words in zip(("input", "output"), row.types.split("->"), strict=True):
        for place, word in enumerate(words.split()):
            if word.endswith("?") or word == "none":  # what may be absent is no claim of its own
                continue
            seen = {t for op in ops for t in _types_at(op, side, place, word.endswith("*"))}
            left = [t for t in _alternatives(row, word) if t not in seen]
            if left:
                yield f"{side} {place}", left


def _types_at(op: Op, side: str, place: int, repeats: bool) -> list[str]:
    operands = op.inputs if side == "input" else op.outputs
    found = operands[place:] if repeats else operands[place : place + 1]
    return [t.dtype for t in found if t is not None]


def _alternatives(row: OpSupport, word: str) -> list[str]:
    base = word.rstrip("?*")
    given = [choice for name in base.split("|") for choice in row.choices.get(name, name).split()]
    return [name for choice in given for name in (EVERY_TYPE if choice == "any" else (choice,))]


@cache
def _authors_cases() -> dict[str, OpCase]:
    return {case.id: case for case in Plugins.installed().conformance_cases()}
