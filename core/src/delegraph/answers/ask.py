"""Which task a model does, and what it says: the sure ways first, then guesses, in the tasks' order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import InputError
from ..text import escaped, plural
from ..values import evolve
from .boxes import unread_boxes
from .seen import Said, Seen, Way
from .tasks import TASKS, Task


def answer(seen: Seen) -> list[Said]:
    """Return what the outputs say; nothing where no task fits.

    :raises InputError: the caller says a task, and no output can be one of it
    """
    if seen.settings.task is not None:
        return _asked(TASKS[seen.settings.task], seen)
    for is_guess in (False, True):
        for task in TASKS.values():
            for way in task.ways:
                if not way.asked and way.is_guess == is_guess and (found := _said(task, way, seen)):
                    return found
    return []


def tasks_text() -> str:
    """List the tasks for people: ``classify, detect, …``."""
    return ", ".join(TASKS)


def warnings_of(seen: Seen) -> Iterator[str]:
    """Yield a sentence for each output that has values which are no numbers, or infinite."""
    for a, value in seen.outputs():
        if value.dtype.kind != "f" or bool(np.isfinite(value).all()):
            continue
        nans, infinite = int(np.isnan(value).sum()), int(np.isinf(value).sum())
        counts = [f"{n} {what}" for n, what in ((nans, "NaN"), (infinite, "infinite")) if n]
        yield f"output {escaped(a.name)!r}: {' and '.join(counts)} among {plural(value.size, 'value')}"


def _asked(task: Task, seen: Seen) -> list[Said]:
    for way in task.ways:
        if found := _said(task, way, seen):
            return [evolve(said, why="as you said", is_guess=False) for said in found]
    unread = unread_boxes(seen) if task.name == "detect" else None
    outputs = ", ".join(a.text for a in seen.interface.outputs) or "none"
    why = unread or f"{task.needs}; the outputs are: {outputs}"
    raise InputError(f"no output can be read as {task.name}: {why}")


def _said(task: Task, way: Way, seen: Seen) -> list[Said]:
    return [
        evolve(said, task=task.name, why=said.why or way.why, is_guess=way.is_guess)
        for said in way.read(seen)
    ]
