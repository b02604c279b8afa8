"""What the models of a recipe are worth: sizes, and how often they are right, of all seeds."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import mean

import numpy as np
from case import Case
from making import made
from measures import Outputs, classes, interval, right
from recipes import BESIDE, FLOATS, RECIPES, trains
from rows import Row
from runs import by_itself


class Judged:
    """The recipes of a model, each of which is made and run once."""

    def __init__(self, case: Case, work: Path) -> None:
        self._case, self._work = case, work
        self._samples, self._labels = case.judging()
        self._given = by_itself(case.path, self._samples)
        self._of: Callable[[str], tuple[list[str], list[Path], list[Outputs]]] = cache(self._run)

    def floats(self) -> Row:
        return classes(self._given, self._given, self._labels)

    def row(self, recipe: str) -> Row:
        """Return the commands, sizes, and means over seeds, with the intervals of paired differences."""
        commands, paths, runs = self._of(recipe)
        each = [classes(self._given, run, self._labels) for run in runs]
        row = {
            "commands": commands,
            "bytes": mean(path.stat().st_size for path in paths),
            "compressed": mean(map(packed, paths)),
            **{key: mean(of[key] for of in each) for key in ("agreement", "top1")},
            "difference": self._paired(runs, [self._given]),
        }
        if len(runs) > 1:
            row["runs"] = [of["top1"] for of in each]
        return row | {key: self._paired(runs, self._of(other)[2]) for key, other in self._beside(recipe)}

    def _beside(self, recipe: str) -> list[tuple[str, str]]:
        """Return what else a recipe is compared with: key in its row, recipe."""
        trained = self._case.labelled and trains(RECIPES[recipe]) and recipe != FLOATS
        pairs = {"beside trained floats": FLOATS if trained else None, "beside": BESIDE.get(recipe)}
        return [(key, other) for key, other in pairs.items() if other is not None]

    def _run(self, recipe: str) -> tuple[list[str], list[Path], list[Outputs]]:
        """Return the first commands, and of each seed the model and what it gives."""
        templates = RECIPES[recipe]
        seeds = range(self._case.seeds if trains(templates) else 1)
        found = [made(self._case, templates, seed, self._work) for seed in seeds]
        paths = [path for path, _ in found]
        return found[0][1], paths, [by_itself(path, self._samples) for path in paths]

    def _paired(self, runs: list[Outputs], others: list[Outputs]) -> list[float]:
        after, before = (np.mean([right(r, self._labels) for r in of], axis=0) for of in (runs, others))
        return interval(after - before)


def packed(path: Path) -> int:
    """Return the bytes of a file compressed by deflate, as in a .zip file."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return len(packer.compress(path.read_bytes())) + len(packer.flush())
