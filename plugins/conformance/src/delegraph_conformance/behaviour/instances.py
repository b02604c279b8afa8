"""Prepared twice, loaded twice, in several threads, closed in any order, made and closed many times."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise, permutations
from pathlib import Path
from threading import Barrier, Thread

from delegraph import Delegate, DelegraphError, Interpreter

from ..graphs.case import Case
from ..subject import Subject
from .samples import PartSample, answer, differing, each_part, each_sample, interpreter, parts, ran

THREADS, RUNS = 4, 3
TIMES = 200  # that a delegate is made and closed
GROWTH = 4 * 2**20  # bytes in each of the last two thirds of them: 60 KiB for each delegate


@each_part
def prepared_twice(part: PartSample, delegate: Delegate) -> str | None:
    """Two run functions of one partition do not know of each other."""
    first = delegate.prepare(part.partition)
    wanted = [ran(first, given) for given in part.given]
    second = delegate.prepare(part.partition)
    for given, right in zip(part.given, wanted, strict=True):
        if any(differing(right, ran(run, given)) is not None for run in (second, first)):
            return "prepared twice, one run function changes what the other one returns"
    return None


@each_sample
def two_instances(case: Case, subject: Subject) -> str | None:
    """Two instances do not know of each other, and one goes on when the other is closed."""
    one, other = subject.load(), subject.load()
    with interpreter(case.model, one) as a, interpreter(case.model, other) as b:
        wanted = [answer(a, batch) for batch in case.batches]
        for batch, right in zip(case.batches, wanted, strict=True):
            if any(differing(right, answer(it, batch)) is not None for it in (b, a)):
                return "of two instances, one changes what the other one returns"
        one.close()
        if differing(wanted[0], answer(b, case.batches[0])) is not None:
            return "other results once another instance is closed"
    other.close()
    return None


@each_sample
def in_threads(case: Case, subject: Subject) -> str | None:
    """Each thread has an interpreter and a delegate of its own; all share the model."""

    def work(at_once: Callable[[Interpreter], None]) -> None:
        with subject.load() as own, interpreter(case.model, own) as it:
            at_once(it)

    said = _in_threads(case, subject, work)
    return f"in {THREADS} threads, an instance each: {said}" if said else None


@each_sample
def shared_in_threads(case: Case, subject: Subject) -> str | None:
    """Each thread has an interpreter of its own; all share one delegate, prepare and run at once."""
    with subject.load() as shared:

        def work(at_once: Callable[[Interpreter], None]) -> None:
            with interpreter(case.model, shared) as it:
                at_once(it)

        said = _in_threads(case, subject, work)
    return f"in {THREADS} threads, one instance for all: {said}" if said else None


def _in_threads(
    case: Case, subject: Subject, work: Callable[[Callable[[Interpreter], None]], None]
) -> str | None:
    """Say what is wrong where threads work at the same time, None if nothing is.

    :param work: of one thread: makes an interpreter and hands it on
    """
    with interpreter(case.model, subject.delegate) as it:
        wanted = [answer(it, batch) for batch in case.batches]
    said: list[str] = []
    begin = Barrier(THREADS)

    def compare(it: Interpreter) -> None:
        for batch, right in list(zip(case.batches, wanted, strict=True)) * RUNS:
            if differing(right, answer(it, batch)) is not None:
                said.append("other results")

    def guarded() -> None:
        begin.wait()
        try:
            work(compare)
        except Exception as e:
            said.append(f"{type(e).__name__}: {e}")

    threads = [Thread(target=guarded) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said[0] if said else None


@each_sample
def destroyed_in_any_order(case: Case, subject: Subject) -> str | None:
    """Whatever is destroyed first, nothing crashes, and another instance computes as before."""
    for order in permutations(("delegate", "interpreter", "results")):
        delegate = subject.load()
        it = interpreter(case.model, delegate)
        results = answer(it, case.batches[0])
        wanted = [a.copy() for a in results]
        held: dict[str, object] = {"delegate": delegate, "interpreter": it, "results": results}
        del it, results
        for name in order:
            _destroy(name, held, case)
        try:
            delegate.close()
        except Exception as e:
            return f"close() a second time raises {type(e).__name__}: {e}"
        gc.collect()
        with interpreter(case.model, subject.delegate) as it:
            if differing(wanted, answer(it, case.batches[0])) is not None:
                return f"other results after the order {', '.join(order)} of destroying an instance"
    return None


def _destroy(name: str, held: dict[str, object], case: Case) -> None:
    gone = held.pop(name)
    if isinstance(gone, (Delegate, Interpreter)):
        gone.close()
    del gone
    left = held.get("interpreter")
    if isinstance(left, Interpreter):
        with suppress(DelegraphError):  # its delegate is closed
            answer(left, case.batches[0])


def made_often(subject: Subject) -> Iterator[str]:
    """Memory does not grow with the delegates that were made, used and closed."""
    part = min(parts(subject.delegate), key=lambda p: len(p.partition.ops), default=None)
    if part is None:
        return
    sizes = []
    for third in range(3):
        for _ in range(TIMES // 3 + (third == 0) * (TIMES % 3)):
            with subject.load() as delegate:
                ran(delegate.prepare(part.partition.on(delegate)), part.given[0])
            del delegate
        gc.collect()
        sizes.append(_resident())
    grown = [b - a for a, b in pairwise(sizes)]
    if min(grown) > GROWTH:
        each = sum(grown) / (2 * (TIMES // 3)) / 1024
        yield f"{part}: it leaks: {each:.0f} KiB remain of each delegate that is made, run and closed"


def _resident() -> int:
    """Return how many bytes of memory the process holds; 0 where the system does not say."""
    file = Path("/proc/self/statm")
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if file.exists() else 0
