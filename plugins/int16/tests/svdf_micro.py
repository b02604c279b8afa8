"""SVDF in Python's integers: on int16 as docs/int16.md defines it, on int8 as TFLite Micro has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rational import reduced, saturated, twice_rounded

State = list[list[list[int]]]  # of each row and filter, oldest first


def expected(
    x: np.ndarray, state: State, weights: Mapping[str, Any], factors: list[float], rank: int
) -> list[list[int]]:
    """Move the state on, in place, and return the outputs before the activation.

    :param weights: "features", "time" and "bias", which may be None
    :param factors: what a unit of features is in steps of the state, and one of sums in steps of the output
    """
    found = []
    for row, filters in zip(x, state, strict=True):
        for feature, memory in zip(weights["features"], filters, strict=True):
            total = sum(int(a) * int(b) for a, b in zip(row, feature, strict=True))
            memory[:] = [*memory[1:], saturated(reduced(total, factors[0]))]
        sums = _sums(filters, weights, 0, rank)
        found.append([reduced(total, factors[1]) for total in sums])
    return found


def bytes_expected(
    x: np.ndarray,
    state: State,
    weights: Mapping[str, Any],
    scales: Mapping[str, float],
    points: Mapping[str, int],
    rank: int,
) -> list[list[int]]:
    """Move a state of bytes on, in place, and return the outputs.

    :param scales: of "x", "features", "state", "time" and "out"; ``points``: of "x", "state" and "out"
    """
    s = {k: np.float32(v) for k, v in scales.items()}  # TFLite Micro multiplies and divides in float32
    enter = float(s["x"] * s["features"] / s["state"])
    leave = float(s["state"] * s["time"] / s["out"])
    found = []
    for row, filters in zip(x, state, strict=True):
        for feature, memory in zip(weights["features"], filters, strict=True):
            total = sum((int(a) - points["x"]) * int(b) for a, b in zip(row, feature, strict=True))
            memory[:] = [*memory[1:], _byte(twice_rounded(total, enter) + points["state"])]
        sums = _sums(filters, weights, points["state"], rank)
        found.append([_byte(twice_rounded(total, leave) + points["out"]) for total in sums])
    return found


def _sums(filters: list[list[int]], weights: Mapping[str, Any], point: int, rank: int) -> list[int]:
    """Return the sums in time of each unit, of ``rank`` filters."""
    bias = weights["bias"]
    sums = [0] * (len(filters) // rank) if bias is None else [int(b) for b in bias]
    for k, (memory, time) in enumerate(zip(filters, weights["time"], strict=True)):
        sums[k // rank] += sum((a - point) * int(b) for a, b in zip(memory, time, strict=True))
    return sums


def _byte(x: int) -> int:
    return max(-128, min(127, x))
