"""A model in several partitions: every second op goes elsewhere, and the parts meet again."""

from __future__ import annotations

from delegraph import Delegate, DelegraphError, Graph, Op, OpSupport, Refusal

from ..graphs.case import Case
from ..graphs.check import answered, difference
from ..subject import Subject
from .samples import answer, each_sample, interpreter


@each_sample
def split_and_rejoined(case: Case, subject: Subject) -> str | None:
    """The delegate and the reference take turns, and the results are right."""
    wanted = answered(case, subject.delegate)
    for offset in (0, 1):
        delegate = subject.load()
        _take_every_second(delegate, offset)
        try:
            with interpreter(case.model, delegate) as it:
                found = [answer(it, batch) for batch in (*case.batches, case.batches[0])]
        except DelegraphError as e:
            return f"with every second op elsewhere: {type(e).__name__}: {e}"
        finally:
            delegate.close()
        if (said := difference(found, wanted, case)) is not None:
            return f"with every second op elsewhere (from op {offset} on): {said}"
    return None


def _take_every_second(delegate: Delegate, offset: int) -> None:
    decide = delegate.decide

    def every_second(op: Op, graph: Graph | None = None) -> tuple[OpSupport | None, list[Refusal]]:
        if op.index % 2 == offset:
            return None, [Refusal("every second op", f"op {op.index}")]
        return decide(op, graph)

    vars(delegate)["decide"] = every_second
