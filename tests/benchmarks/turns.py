"""Who is measured beside whom: blocks of runs in turn, so that a slow minute is slow for all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from itertools import chain
from statistics import median
from time import perf_counter, sleep
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)

ROUNDS = 6
BLOCK = 8  # runs at a stretch
# XNNPACK's threads spin for tens of milliseconds after a run, on cores that others need.
REST = 0.12  # seconds before a block
SLOW = 0.1  # seconds: of what takes longer, a block is a single run


def medians(runs: Mapping[Key, Callable[[], float]]) -> dict[Key, float]:
    """Return the median seconds of each; a run returns its own. The first after a rest does not count."""
    return {key: median(chain(*found)) for key, found in blocks(runs).items()}


def blocks(runs: Mapping[Key, Callable[[], float]]) -> dict[Key, list[list[float]]]:
    """Return the seconds of each by blocks: those at one place in the lists were neighbors."""
    lengths = {key: 1 if run() + run() > 2 * SLOW else BLOCK for key, run in runs.items()}
    found: dict[Key, list[list[float]]] = {key: [] for key in runs}
    for _ in range(ROUNDS):
        for key, run in runs.items():
            sleep(REST)
            run()
            found[key].append([run() for _ in range(lengths[key])])
    return found


def seconds(function: Callable[[], Any]) -> float:
    """Run a function and return how long it took."""
    start = perf_counter()
    function()
    return perf_counter() - start
