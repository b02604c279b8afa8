"""What ran where in a program: the models, who ran their ops, and how often they ran."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..contract import Plan
from ..text import bytes_text
from ..values import define, field


@define
class Ran:
    """A model that a program opened."""

    model: str  # the file's name, or how large its content is
    ops: Counter[str] = field(factory=Counter)  # by label of the delegate; of its latest plan
    runs: int = 0
    interpreters: int = 1
    _plan: Plan | None = field(default=None, repr=False, eq=False)

    def planned(self, plan: Plan) -> None:
        """Note the plan that is in use."""
        if plan is not self._plan:
            self._plan = plan
            self.ops = Counter(label for sub in plan.subgraphs for label in sub.labels.values())

    def __str__(self) -> str:
        if not self.runs:
            return f"{self.model}: opened and never run"
        where = ", ".join(f"{count} on {label}" for label, count in self.ops.most_common())
        of_several = f" of {self.interpreters} interpreters" if self.interpreters > 1 else ""
        times = "1 run" if self.runs == 1 else f"{self.runs} runs"
        return f"{self.model}: ops: {where or 'none'}; {times}{of_several}"


_opened: list[Ran] = []
_lock = threading.Lock()


def note(path: Any, content: Any) -> Ran:
    """Begin a record of a model that is opened from a file or from its content."""
    name = f"(model of {bytes_text(len(content))})" if path is None else os.path.basename(os.fspath(path))
    found = Ran(name)
    with _lock:
        _opened.append(found)
    return found


def ran() -> list[Ran]:
    """Return what the program has opened so far; models that ran in the same way are one entry."""
    with _lock:
        opened = list(_opened)
    together: dict[tuple[str, frozenset[tuple[str, int]]], list[Ran]] = {}
    for entry in opened:
        together.setdefault((entry.model, frozenset(entry.ops.items())), []).append(entry)
    return [_sum(entries) for entries in together.values()]


def forget() -> None:
    """Begin anew."""
    with _lock:
        _opened.clear()


def _sum(entries: Iterable[Ran]) -> Ran:
    first, *rest = entries
    runs = first.runs + sum(entry.runs for entry in rest)
    return Ran(first.model, first.ops, runs, 1 + len(rest))
