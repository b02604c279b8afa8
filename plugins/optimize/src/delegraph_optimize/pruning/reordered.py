"""Channels in another order: each op gives what it gave, and zeros in M of N neighbours cost less.

Which channels stand beside each other is free: channels that go together (``structured``) change places
together, in all tensors, weights and constants that have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import define

from ..compress import Change, OnSamples, WeightLayer
from ..writer import GraphEdit, ModelEdit
from .asked import FEW, Pruning
from .neighbours import MOST_CHANNELS, Read, best_order
from .structured import WEIGHTS, Positions, followed, places_of


def reorder_channels(
    edit: ModelEdit,
    layers: Sequence[WeightLayer],
    wanted: Mapping[int, Pruning],
    on_samples: OnSamples | None = None,
    seed: int = 0,
) -> int:
    """Put channels in an order in which little is lost; return how many groups of them got another one.

    :param wanted: what layers are to lose, by their ``id``; weights that are to stay as they are do
    :param on_samples: shows what layers read; None: the size of weights says what they count for
    """
    some = [layer for layer in layers if id(layer) in wanted and wanted[id(layer)].pattern.of]
    some = [layer for layer in some if _axis(layer) is not None]
    if not some:
        return 0
    scores = {id(layer): np.square(layer.matrix, dtype=np.float64) for layer in some}
    if on_samples is not None:
        on_samples(some, _scorer(scores))
    for key, found in scores.items():  # as shares: what several layers lose is added
        scores[key] = (found / max(float(found.sum()), 1e-300)).astype(np.float32)
    count = 0
    for graph in edit.graphs:
        channels = _Channels.of(edit, graph, layers)
        for units in channels.groups():
            reads = {}
            for layer in some:
                columns = channels.columns(layer, units) if layer.graph is graph else np.zeros((0, 0))
                if len(columns):
                    key = id(layer)
                    reads[key] = Read(scores[key], columns, wanted[key].pattern, layer.row)
            order = best_order([*reads.values()], seed) if reads else np.arange(len(units))
            if (order != np.arange(len(units))).any():
                count += 1
                channels.move(units, order)
                scores.update({key: read.moved(order).scores for key, read in reads.items()})
    return count


@define(eq=False)
class _Channels:
    """The channels of one graph that may change places."""

    positions: Positions
    labels: np.ndarray

    @classmethod
    def of(cls, edit: ModelEdit, graph: GraphEdit, layers: Sequence[WeightLayer]) -> _Channels:
        positions = followed(edit, graph)
        for layer in layers:
            stays = layer.reason not in ("", FEW) and not layer.is_shared
            if stays and layer.graph is graph:
                positions.fix_all([layer.tensor.index], layer.reason)
        return cls(positions, positions.labels())

    def groups(self) -> list[list[int]]:
        """Return the units that may change places with each other."""
        fixed = self.positions.reasons(self.labels)
        free = [unit for unit in map(int, np.unique(self.labels)) if unit not in fixed]
        groups = self.positions.groups(self.labels, free)
        return [
            units
            for units in groups
            if 1 < len(units) <= MOST_CHANNELS and self.positions.swappable(self.labels, units)
        ]

    def columns(self, layer: WeightLayer, units: Sequence[int]) -> np.ndarray:
        """Return where a layer reads each unit, (units, columns); (0, 0) where it does not."""
        axis = _axis(layer)
        assert axis is not None
        labels = self.labels[self.positions.of(layer.tensor.index, axis)]
        shape = [-1 if a == axis else 1 for a in range(layer.weights.ndim)]
        read = np.broadcast_to(labels.reshape(shape), layer.weights.shape)
        return places_of(layer.as_matrix(read)[0], units)

    def move(self, units: Sequence[int], order: np.ndarray) -> None:
        """Let constants have other channels in their places; what ops compute follows from that."""
        graph = self.positions.graph
        for tensor, axis in self.positions.axes():
            data = graph.tensors[tensor].data
            places = places_of(self.labels[self.positions.of(tensor, axis)], units)
            if data is not None and len(places):
                taken = np.arange(data.shape[axis])
                taken[places] = places[order]
                graph.change(tensor, data=np.ascontiguousarray(np.take(data, taken, axis=axis)))


def _axis(layer: WeightLayer) -> int | None:
    """Return the axis of a layer's weights along which it reads channels."""
    return WEIGHTS.get(layer.node.name, (1, 0, None))[2]


def _scorer(scores: dict[int, np.ndarray]) -> Change:
    """Return what keeps what each weight counts for, where the others make up for one that goes.

    Source: Hassibi and Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993:
    w² / ((XᵀX)⁻¹ of its column).
    """

    def look(layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> None:
        if len(weights) > 1:  # channels in groups of their own: none changes places
            return
        (w,), (a,) = weights, squares
        found = np.square(w) / np.linalg.inv(a).diagonal()
        if np.isfinite(found).all():
            scores[id(layer)] = found

    return look
