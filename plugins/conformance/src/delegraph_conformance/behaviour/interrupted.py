"""Ctrl-C in the middle of a run: it comes out, and the next run is right."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..graphs.case import Case
from ..subject import Subject
from .samples import answer, differing, each_sample, interpreter

PLACES = 40  # of a run, where it is interrupted: a lock is not free again after a few of them
# Where Python looks for signals: when a function begins, and when one written in C has returned.
PLACES_OF_SIGNALS = ("call", "c_return")


@each_sample
def interrupted(case: Case, subject: Subject) -> str | None:
    """KeyboardInterrupt at several places of a run: it is passed on, and the next run is right."""
    with interpreter(case.model, subject.delegate) as it:
        wanted = answer(it, case.batches[0])
        calls = _interrupted(lambda: answer(it, case.batches[-1]), sys.maxsize)
        for at in sorted({1 + calls * i // PLACES for i in range(PLACES)}):
            try:
                _interrupted(lambda: answer(it, case.batches[-1]), at)
            except Exception as e:
                return f"an interrupt during run comes out as {type(e).__name__}: {e}"
            if differing(wanted, answer(it, case.batches[0])) is not None:
                return f"after a run that was interrupted (at call {at} of {calls}) the next one is wrong"
    return None


def _interrupted(work: Callable[[], Any], at: int) -> int:
    """Do what is asked, interrupted at its n-th call of a function; return how many calls there were."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        if event in PLACES_OF_SIGNALS:
            calls += 1
            if calls == at:
                sys.setprofile(None)
                raise KeyboardInterrupt

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # an interrupt of what it calls would be lost
    sys.setprofile(count)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return calls
