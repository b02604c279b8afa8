"""What a run of the fuzzer found: each kind once, as a small file with what is known of it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

from attrs import define, field, frozen

from fuzz.mutants import Mutant
from fuzz.shrink import fewest_changes, smallest
from fuzz.sources import is_generated
from fuzz.targets import TARGETS
from fuzz.trials import Outcome, Trials

KEPT = Path(__file__).with_name("kept")


@frozen
class Finding:
    """The first mutant of a kind."""

    mutant: Mutant  # of as few changes as fail
    outcome: Outcome
    path: Path


@define
class Findings:
    """Findings by kind, and how often each was met."""

    folder: Path
    first: dict[tuple[str, str, str], Finding] = field(factory=dict)
    counts: Counter[tuple[str, str, str]] = field(factory=Counter)

    def add(self, mutant: Mutant, outcome: Outcome, trials: Trials) -> None:
        """Count an outcome; shrink and keep the first of its kind."""
        self.counts[outcome.kind] += 1
        if outcome.kind in self.first:
            return

        def fails(file: bytes) -> bool:
            found = trials.outcome(outcome.target, file, mutant.seed)
            return found.kind == outcome.kind or (not outcome.where and found.what == outcome.what)

        small = fewest_changes(mutant, fails) if outcome.what != "too slow" else mutant
        file = smallest(small.data, fails) if outcome.what != "too slow" else small.data
        self.first[outcome.kind] = Finding(small, outcome, self._kept(small, outcome, file))

    def _kept(self, mutant: Mutant, outcome: Outcome, file: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{_slug(outcome.what)}-{name_of(file)}.seed{mutant.seed}.{_slug(outcome.target)}.tflite"
        path = self.folder / name
        path.write_bytes(file)
        path.with_suffix(".txt").write_text(
            f"{outcome.target}: {outcome.what}\nin {outcome.where}\n{outcome.message}\n\n{mutant}\n\n"
            f"again: python tests/hostile/fuzz --again {path}\n"
            f"from its seed: python tests/hostile/fuzz --seed {mutant.seed} --count 1\n"
            + (
                ""
                if is_generated(mutant.source)
                else "made of a file of DELEGRAPH_MODELS: not to be given away\n"
            )
        )
        return path


def target_of(path: Path) -> str:
    """Return the target that a kept file failed with."""
    slug = path.suffixes[-2][1:]
    return next(name for name in TARGETS if _slug(name) == slug)


def seed_of(path: Path) -> int:
    """Return the seed by which a kept file's target chose what it did; 0 where the name has none."""
    found = re.search(r"\.seed(\d+)\.", path.name)
    return int(found[1]) if found else 0


def name_of(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()[:8]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
