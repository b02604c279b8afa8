"""Mutant after mutant, each with some targets, and the tables of what came of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from fuzz.findings import Findings
from fuzz.mutants import SHARING, Mutant, mutant, source_of
from fuzz.sources import holds_int16
from fuzz.targets import TARGETS, Target
from fuzz.trials import Outcome, Trials

READER = "read-write-read"


class Campaign:
    """A run of the fuzzer from a first seed on."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        delegates: Sequence[str] = (),
        commands: Sequence[str] = (),
        but: Sequence[str] = (),
        trials: Trials | None = None,
    ) -> None:
        """Make a campaign.

        :param delegates: targets of these alone; of all, if none is named
        :param commands: the same
        :param but: no targets of these names
        :param trials: a process to go on with, as another one takes seconds to be warm
        """
        self.next = self.first = seed
        self.mutants = 0
        self.findings = Findings(folder)
        self.outcomes: Counter[tuple[str, str]] = Counter()  # target and what came of it
        self._int16 = "int16" in delegates
        kernels = {"reference", "opencl"} if self._int16 else set()
        chosen = _chosen({*delegates, *kernels} - {"int16"}, commands)
        self._targets = [t for t in chosen if t.name not in (READER, *but)]
        self._all = bool(delegates or commands)
        self._trials = Trials() if trials is None else trials

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, *exc: object) -> None:
        self._trials.__exit__(*exc)

    @property
    def trials(self) -> int:
        return sum(self.outcomes.values())

    def one(self) -> None:
        """Try the next mutant: what cannot be read, no other target can use."""
        while self._int16 and not holds_int16(source_of(self.next)):
            self.next += SHARING
        found = mutant(self.next)
        self.next += 1
        self.mutants += 1
        file = found.data
        read = self._tried(READER, found, file)
        if read.what == "ran" or read.is_finding:
            for target in self._some(found.seed):
                self._tried(target.name, found, file)

    def _tried(self, target: str, mutant: Mutant, file: bytes) -> Outcome:
        outcome = self._trials.outcome(target, file, mutant.seed)
        self.outcomes[target, outcome.what] += 1
        if outcome.is_finding:
            self.findings.add(mutant, outcome, self._trials)
        return outcome

    def _some(self, seed: int) -> Iterator[Target]:
        """Yield targets, each by its share."""
        draw = random.Random(seed)
        for target in self._targets:
            if draw.random() < target.share or self._all:
                yield target

    def table(self) -> Table:
        """Return how often each target ran, answered with an error and failed."""
        table = Table(
            title=f"{self.mutants} mutants from seed {self.first}, {self.trials} trials",
            title_justify="left",
        )
        for name in ("", "trials", "ran", "documented errors", "findings"):
            table.add_column(name, justify="right" if name else "left")
        for name in TARGETS:
            counts = {what: n for (target, what), n in self.outcomes.items() if target == name}
            if counts:
                found = sum(n for what, n in counts.items() if Outcome(name, what).is_finding)
                total, ran = sum(counts.values()), counts.get("ran", 0)
                table.add_row(name, *map(str, (total, ran, total - ran - found, found)))
        return table

    def findings_table(self) -> Table:
        table = Table(title=f"{len(self.findings.first)} kinds of findings", title_justify="left")
        for name in ("target", "what", "where", "times", "file", "message"):
            table.add_column(name, overflow="fold")
        for kind, found in self.findings.first.items():
            o, times = found.outcome, self.findings.counts[kind]
            table.add_row(o.target, o.what, o.where, str(times), found.path.name, _plain(o.message)[:160])
        return table


def _chosen(delegates: set[str], commands: Sequence[str]) -> list[Target]:
    return [
        t
        for t in TARGETS.values()
        if (not delegates or t.delegate in delegates) and (not commands or t.command in commands)
    ]


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text).replace("[", "(").replace("]", ")")
