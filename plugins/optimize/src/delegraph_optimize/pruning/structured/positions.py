"""Positions along the axes of tensors, and which of them go or stay together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...writer import GraphEdit

MOST_SIZE = 1 << 20  # of an axis that is followed
MOST_POSITIONS = 1 << 23  # of a graph


class Lost(Exception):
    """An op is not followed; the message says why."""


class Positions:
    """The positions of a graph: those that are joined go together, those that are fixed stay."""

    def __init__(self, graph: GraphEdit) -> None:
        self.graph = graph
        self._starts: dict[tuple[int, int], int] = {}  # by tensor and axis
        self._count = 0
        self._pairs: list[tuple[np.ndarray, np.ndarray]] = []
        self._fixed: list[tuple[np.ndarray, str]] = []

    def shape(self, tensor: int) -> tuple[int, ...]:
        """:raises Lost: it is not known, or too large to be followed"""
        found = self.graph.tensors[tensor]
        if found.shape is None or (not found.shape and not found.has_rank):
            raise Lost("a shape is not known before the model runs")
        if not all(1 <= n <= MOST_SIZE for n in found.shape):
            raise Lost("a tensor has no values, or a very long axis")
        return found.shape

    def of(self, tensor: int, axis: int) -> np.ndarray:
        """Return the positions along an axis."""
        shape = self.shape(tensor)
        if not -len(shape) <= axis < len(shape):
            raise Lost("shapes do not fit")
        key = tensor, axis % len(shape)
        if key not in self._starts:
            if self._count + shape[axis] > MOST_POSITIONS:
                raise Lost("the model has too many channels to follow")
            self._starts[key] = self._count
            self._count += shape[axis]
        return np.arange(self._starts[key], self._starts[key] + shape[axis])

    def join(self, one: np.ndarray, other: np.ndarray) -> None:
        if len(one) != len(other):
            raise Lost("shapes do not fit")
        self._pairs.append((one, other))

    def join_axes(self, one: int, other: int, axes: Iterable[tuple[int, int]]) -> None:
        """Join axes of two tensors, position by position."""
        for a, b in axes:
            self.join(self.of(one, a), self.of(other, b))

    def fix(self, positions: np.ndarray, reason: str) -> None:
        self._fixed.append((positions, reason))

    def fix_axes(self, tensor: int, axes: Iterable[int], reason: str) -> None:
        for axis in axes:
            self.fix(self.of(tensor, axis), reason)

    def fix_all(self, tensors: Sequence[int], reason: str) -> None:
        """Fix all axes of tensors, as far as they are known."""
        for tensor in tensors:
            for axis in range(len(self.graph.tensors[tensor].shape or ())):
                try:
                    self.fix(self.of(tensor, axis), reason)
                except Lost:
                    continue

    def axes(self) -> list[tuple[int, int]]:
        """Return the tensors and axes that have positions."""
        return list(self._starts)

    def labels(self) -> np.ndarray:
        """Return for each position the same number as for all that it is joined with."""
        found = np.arange(self._count)
        if not self._pairs:
            return found
        one, other = (np.concatenate(side) for side in zip(*self._pairs, strict=True))
        while True:
            least = np.minimum(found[one], found[other])
            moved = found.copy()
            for side in (one, other):
                np.minimum.at(moved, found[side], least)
            moved = moved[moved[moved]]
            if np.array_equal(moved, found):
                return found
            found = moved

    def groups(self, labels: np.ndarray, units: Iterable[int]) -> list[list[int]]:
        """Return units (labels), those together that lie along the same axes."""
        places: dict[int, list[tuple[int, int, int]]] = {unit: [] for unit in units}
        for tensor, axis in self.axes():
            found, counts = np.unique(labels[self.of(tensor, axis)], return_counts=True)
            for unit, count in zip(map(int, found), map(int, counts), strict=True):
                if unit in places:
                    places[unit].append((tensor, axis, count))
        groups: dict[tuple[tuple[int, int, int], ...], list[int]] = {}
        for unit, where in places.items():
            groups.setdefault(tuple(where), []).append(unit)
        return list(groups.values())

    def swappable(self, labels: np.ndarray, units: Sequence[int]) -> bool:
        """Say whether units of a group are joined alike, so that each place has its own in the others."""
        rank = np.zeros(len(labels), int)
        for tensor, axis in self.axes():
            positions = self.of(tensor, axis)
            if len(places := places_of(labels[positions], units)):
                rank[positions[places]] = np.arange(places.shape[1])
        for one, other in self._pairs:
            some = np.isin(labels[one], units)
            pairs = np.stack([labels[one], rank[one], rank[other]], axis=1)[some]
            if len(pairs) % len(units):
                return False
            each = pairs[np.lexsort(pairs.T[::-1])].reshape(len(units), -1, 3)
            if (each[..., 0] != each[:, :1, 0]).any() or (each[..., 1:] != each[:1, :, 1:]).any():
                return False
        return True

    def reasons(self, labels: np.ndarray) -> dict[int, str]:
        """Return by label why positions stay; the first reason of each."""
        found: dict[int, str] = {}
        for positions, reason in self._fixed:
            for label in np.unique(labels[positions]):
                found.setdefault(int(label), reason)
        return found


def places_of(labels: np.ndarray, units: Sequence[int]) -> np.ndarray:
    """Return where each unit of a group lies along an axis, (units, places); (0, 0) where none does."""
    count = int((labels == units[0]).sum())
    if not count:
        return np.zeros((0, 0), int)
    order = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[order], units)
    return np.asarray(order[first[:, None] + np.arange(count)])
