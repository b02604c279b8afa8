"""Some of the samples, kept while all of them pass by: any of them may be kept, whatever their order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delegraph import Graph, Model

from ..calibrate.samples import Sample, Samples, inputs_of

MOST = 64  # samples
MOST_BYTES = 1 << 30  # of values that are held at once while ops are improved


class KeptSamples:
    """Keeps each sample as likely as any other (reservoir sampling)."""

    def __init__(self, seed: int = 0, most: int = MOST) -> None:
        self.samples: list[Sample] = []
        self._rng = np.random.default_rng(seed)
        self._most = most

    def of(self, samples: Samples) -> Iterator[Sample]:
        for number, sample in enumerate(samples):
            place = number if number < self._most else int(self._rng.integers(number + 1))
            if place < self._most:
                self.samples[place : place + 1] = [sample]
            yield sample

    def by_subgraph(self, model: Model) -> dict[int, list[dict[int, np.ndarray]]]:
        """Return values by the number of the input, for each subgraph that samples run."""
        found: dict[int, list[dict[int, np.ndarray]]] = {}
        for key, values in self.samples:
            place = next((s.subgraph for s in model.signatures if s.key == key), 0)
            tensors = inputs_of(model, key)
            found.setdefault(place, []).append({tensors[n].index: v for n, v in values.items()})
        return {place: some[: _most(model.subgraphs[place])] for place, some in found.items()}


def written_bytes(model: Model) -> int:
    """Return how many bytes the ops of a model write in a run."""
    return sum(t.nbytes or 0 for graph in model.subgraphs for op in graph.ops for t in op.outputs)


def _most(graph: Graph) -> int:
    """Return how many samples may be run side by side."""
    return max(MOST_BYTES // max(2 * _peak(graph), 1), 1)


def _peak(graph: Graph) -> int:
    """Return the most bytes of one sample's values that are needed at once."""
    last = {t.index: op.index for op in graph.ops for t in op.inputs if t is not None}
    held = {t.index: t.nbytes or 0 for t in graph.inputs}
    peak = sum(held.values())
    for op in graph.ops:
        held.update((t.index, t.nbytes or 0) for t in op.outputs)
        peak = max(peak, sum(held.values()))
        held = {i: n for i, n in held.items() if last.get(i, -1) > op.index}
    return peak
