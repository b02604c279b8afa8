"""Some of the samples, kept while all of them pass by: any of them may be kept, whatever their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np
from attrs import frozen
from delegraph import Graph, Model

from ..calibrate.samples import Sample, Samples, inputs_of

_IMAGE = 4  # axes: (batch, height, width, channels)
MOST = 64  # samples
MOST_BYTES = 1 << 30  # of values that are held at once while ops are improved


Kept = TypeVar("Kept")


class Reservoir(Generic[Kept]):
    """Keeps each thing that passes by as likely as any other (reservoir sampling)."""

    def __init__(self, seed: int, most: int) -> None:
        self.kept: list[Kept] = []
        self._rng = np.random.default_rng(seed)
        self._most = most
        self._passed = 0

    def see(self, one: Kept) -> None:
        number, self._passed = self._passed, self._passed + 1
        place = number if number < self._most else int(self._rng.integers(number + 1))
        if place < self._most:
            self.kept[place : place + 1] = [one]


class KeptSamples:
    """Some of the samples of a model."""

    def __init__(
        self, seed: int = 0, most: int = MOST, is_bounded: bool = True, mirrored: bool = False
    ) -> None:
        """Keep so many at most.

        :param is_bounded: whether no more of them are used than fit in a GiB
        :param mirrored: whether each image's mirror image is used, too
        """
        self._drawn: Reservoir[Sample] = Reservoir(seed, most)
        self._is_bounded, self._mirrored = is_bounded, mirrored

    @property
    def samples(self) -> list[Sample]:
        return self._drawn.kept

    def of(self, samples: Samples) -> Iterator[Sample]:
        for sample in samples:
            self._drawn.see(sample)
            yield sample

    def by_subgraph(self, model: Model) -> dict[int, list[dict[int, np.ndarray]]]:
        """Return values by the number of the input, for each subgraph that samples run."""
        found = self._all_by_subgraph(model)
        if self._is_bounded:
            found = {place: some[: most_at_once(model.subgraphs[place])] for place, some in found.items()}
        return {place: _with_mirrored(some) if self._mirrored else some for place, some in found.items()}

    def later_by_subgraph(self, model: Model) -> dict[int, list[dict[int, np.ndarray]]]:
        """Return those for which there is no memory at first."""
        found = self._all_by_subgraph(model)
        return {place: some[most_at_once(model.subgraphs[place]) :] for place, some in found.items()}

    def _all_by_subgraph(self, model: Model) -> dict[int, list[dict[int, np.ndarray]]]:
        found: dict[int, list[dict[int, np.ndarray]]] = {}
        for key, values in self.samples:
            place = next((s.subgraph for s in model.signatures if s.key == key), 0)
            tensors = inputs_of(model, key)
            found.setdefault(place, []).append({tensors[n].index: v for n, v in values.items()})
        return found


def _with_mirrored(samples: list[dict[int, np.ndarray]]) -> list[dict[int, np.ndarray]]:
    """Return samples, and behind them their mirror images: (batch, height, width, channels)."""
    return samples + [{i: _mirrored(values) for i, values in sample.items()} for sample in samples]


def _mirrored(values: np.ndarray) -> np.ndarray:
    is_image = values.ndim == _IMAGE and values.dtype.kind == "f"
    return np.ascontiguousarray(values[:, :, ::-1]) if is_image else values


def has_images(model: Model) -> bool:
    """Say whether an input of a model may be images."""
    inputs = [t for graph in model.subgraphs for t in graph.inputs]
    return any(t.dtype == "float32" and len(t.shape or ()) == _IMAGE for t in inputs)


def written_bytes(model: Model) -> int:
    """Return how many bytes the ops of a model write in a run."""
    return sum(t.nbytes or 0 for graph in model.subgraphs for op in graph.ops for t in op.outputs)


def most_at_once(graph: Graph) -> int:
    """Return how many samples may be run side by side."""
    return max(MOST_BYTES // max(2 * Room.of(graph).peak, 1), 1)


@frozen
class Room:
    """How many samples there is memory for, as a graph is run op by op on all of them, in two forms."""

    needed: Sequence[int]  # bytes of a sample's values while an op runs, and behind all ops
    left: Sequence[int]  # of those that ops behind it read

    @classmethod
    def of(cls, graph: Graph) -> Room:
        last = {t.index: op.index for op in graph.ops for t in op.inputs if t is not None}
        held = {t.index: t.nbytes or 0 for t in graph.inputs}
        needed, left = [], []
        for op in graph.ops:
            held.update((t.index, t.nbytes or 0) for t in op.outputs)
            needed.append(sum(held.values()))
            held = {i: n for i, n in held.items() if last.get(i, -1) > op.index}
            left.append(sum(held.values()))
        return cls([*needed, sum(held.values())], left)

    @property
    def peak(self) -> int:
        return max(self.needed)

    def before(self, index: int, count: int) -> int:
        """Return how many may join so many samples before an op: they are run as far as these are."""
        if not index:
            return 0
        most = MOST_BYTES // max(2 * max(self.needed[index:]), 1)
        free = MOST_BYTES - 2 * count * self.left[index - 1]
        return max(min(most - count, free // max(2 * max(self.needed[:index]), 1)), 0)
