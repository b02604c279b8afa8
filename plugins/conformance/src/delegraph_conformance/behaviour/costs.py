"""What a delegate says that an op takes is a time, or None."""

from __future__ import annotations

from collections.abc import Iterator

from delegraph import plan_model

from ..graphs.reference_judge import reference
from ..subject import Subject
from .samples import samples


def costs(subject: Subject) -> Iterator[str]:
    """Core plans the samples by cost, and remembers what is wrong with an answer."""
    delegate = subject.delegate
    for case in samples(delegate):
        plan_model(case.model, [delegate, reference()], warn=False, policy="cost")
    yield from (said for said in delegate.problems if said.startswith("cost()"))
