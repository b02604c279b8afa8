"""Asks the process that tries models, starts another when it dies, and says what its answer is."""

from __future__ import annotations

import re
from pathlib import Path

from attrs import evolve, frozen
from child import Child, ChildDied

from fuzz.targets import BUDGET, TARGETS

START_SECONDS = 600.0
PATIENCE = 8.0  # seconds for one of CPU time, which is limited by itself: the machine may be busy
ENDS = {"SIGXCPU": "too slow", "timeout": "too slow", "SIGKILL": "killed by another"}
MOST_GROWN = 4 * BUDGET["max_total_bytes"]
TRIALS_OF_A_PROCESS = 10_000  # then another one begins: what leaks is not what this is about
# What may be the machine's doing: another try, in a process that did nothing else, decides.
DOUBTFUL = ("too slow", "too large", "killed by another")
READY = "ready?"  # in place of a target's name


@frozen
class Outcome:
    """What became of a model with one target."""

    target: str
    what: str  # "ran", the name of one of delegraph's errors, or what is wrong
    where: str = ""  # in delegraph's code
    message: str = ""
    seconds: float = 0.0
    grown: int = 0  # bytes

    @property
    def is_finding(self) -> bool:
        return " " in self.what or self.what in ("died", "differs", "overwritten")

    @property
    def hurts(self) -> bool:
        """Whether a process, its memory or its user is harmed: not where numbers or models differ."""
        return self.is_finding and not self.what.startswith(
            ("differs", "made does not run", "LiteRT refuses")
        )

    @property
    def kind(self) -> tuple[str, str, str]:
        """What two outcomes have in common that have one cause: lines move, numbers differ."""
        if self.where:
            return "", self.what, re.sub(r":\d+", "", self.where)
        return self.target, self.what, re.sub(r"\d+", "N", self.message)[:60]


class Trials:
    """The process, and how often it died."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._asked = 0
        self.deaths = 0

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    def outcome(self, target: str, file: bytes, seed: int) -> Outcome:
        """Try a model with a target; once more, alone, where the machine may be to blame."""
        found = self._once(target, file, seed)
        if found.what not in DOUBTFUL:
            return found
        self._end()
        return self._once(target, file, seed)

    def _once(self, target: str, file: bytes, seed: int) -> Outcome:
        if self._asked >= TRIALS_OF_A_PROCESS:
            self._end()
        child = self._child = self._child or _started()
        self._asked += 1
        try:
            answer = child.ask((target, file, seed), PATIENCE * TARGETS[target].seconds_for(file))
            return _judged(Outcome(target, *answer), len(file))
        except ChildDied as e:
            self._child, self._asked = None, 0
            self.deaths += 1
            what = ENDS.get(e.how, "died")
            return Outcome(target, what, _place(e.said), f"{e.how} {_tail(e.said)}")

    def _end(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child, self._asked = None, 0


def _started() -> Child:
    """Return a process that is warm.

    :raises ChildDied: it does not start.
    """
    child = Child(Path(__file__).with_name("process.py"))
    child.ask((READY, b"", 0), START_SECONDS)
    return child


def _judged(found: Outcome, nbytes: int) -> Outcome:
    if "MemoryError" in found.what or found.grown > MOST_GROWN + 8 * nbytes:
        return evolve(
            found, what="too large", message=f"{found.grown:,} bytes, {found.what}: {found.message}"
        )
    return found


def _place(said: str) -> str:
    """Return the innermost place in delegraph that faulthandler names."""
    found = re.search(r'File ".*/src/(delegraph\w*/.*)", line (\d+) in (\S+)', said)
    return f"{found[1]}:{found[2]} {found[3]}" if found else ""


def _tail(said: str) -> str:
    lines = [line for line in said.splitlines() if "RuntimeWarning" not in line and line.strip()]
    return " | ".join(lines[:6])[:500]
