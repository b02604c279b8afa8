"""Choose the channels that matter least, let what reads them do without, and take them out.

Channels that go together are a unit: what a convolution makes, an ADD, a CONCATENATION and a pool hand on
and other ops read. Units of one group are interchangeable: they lie along the same axes of the same
tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import define, field

from ...compress import Change, KeptChannels, OnSamples, WeightLayer, is_mendable, own_bias
from ...writer import GraphEdit, ModelEdit
from ..asked import Pruning
from ..pattern import Pattern
from ..reconstruct import least_squares
from ..shared_out import shared_out
from .elimination import Reader, by_share, removal_order
from .followed import WEIGHTS, followed
from .positions import Lost, Positions
from .removed import remove

_TOO_FEW = "it has too few channels"
Unit = int  # a label of positions
_NOTHING = Pruning(0.0, Pattern(), is_own=True)
_MOST_HELD = 1 << 28  # numbers of what samples show of layers; of those behind, the size of weights decides
_ROUNDING = 1e-6  # of a number of channels


@define(eq=False)
class Channels:
    """The channels of one graph, and those that go."""

    graph: GraphEdit
    layers: Sequence[WeightLayer]
    positions: Positions
    labels: np.ndarray = field(init=False)
    reasons: dict[Unit, str] = field(init=False)
    gone: np.ndarray = field(init=False)  # by unit
    readers: list[Reader] = field(factory=list)  # layers that read channels, as samples show them

    def __attrs_post_init__(self) -> None:
        self.labels = self.positions.labels()
        self.reasons = self.positions.reasons(self.labels)
        self.gone = np.zeros(len(self.labels), bool)

    def choose(self, wanted: Mapping[int, Pruning], share: float | None = None) -> None:
        """Choose what goes.

        :param wanted: what layers are to lose, by their ``id``
        :param share: of the model: groups that can spare more lose more, and as many weights go in all as
            if each lost that share; None: each group loses its own
        """
        allowed, sizes = self._allowed(wanted), self._sizes()
        groups = self.positions.groups(self.labels, allowed)
        orders = [removal_order(self.readers, units) for units in groups]
        shares = [min(allowed[u].share for u in units) for units in groups]
        if share is not None:
            own = {i for i, units in enumerate(groups) if any(allowed[u].is_own for u in units)}
            losses = {i: by_share(lost) for i, (_, lost) in enumerate(orders) if len(lost) and i not in own}
            freed = {i: len(groups[i]) * self._weights_of(groups[i][0]) for i in losses}
            for i, found in shared_out(freed, losses, share).items():
                shares[i] = found
        for units, (order, _), part in zip(groups, orders, shares, strict=True):
            count = min(int(part * len(units) + _ROUNDING), len(units) - 1)
            going = order or sorted(units, key=lambda unit: (sizes[unit], unit))
            self.gone[going[:count]] = True

    def look(self, layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> None:
        """Keep what samples show of a layer that reads channels, as long as there is room."""
        axis, held = WEIGHTS[layer.node.name][2], sum(r.inverse.size for r in self.readers)
        if axis is None or held + squares.size > _MOST_HELD:
            return
        (w,), (a,) = weights, squares
        labels = self.labels[self.positions.of(layer.tensor.index, axis)]
        shape = [-1 if n == axis else 1 for n in range(layer.weights.ndim)]
        columns = layer.as_matrix(np.broadcast_to(labels.reshape(shape), layer.weights.shape))[0]
        self.readers.append(Reader.of(columns, w, a))

    def kept(self) -> dict[tuple[int, int], np.ndarray]:
        """Return which positions stay, by tensor and axis where some go."""
        found = {}
        for key in self.positions.axes():
            stays = self.stays(*key)
            if not stays.all():
                found[key] = stays
        return found

    def stays(self, tensor: int, axis: int) -> np.ndarray:
        """Return which positions of an axis stay."""
        return np.asarray(~self.gone[self.labels[self.positions.of(tensor, axis)]])

    def removed_inputs(self, layer: WeightLayer) -> np.ndarray | None:
        """Return which weights (units, depth) read a channel that goes; None where none does."""
        axis = WEIGHTS[layer.node.name][2]
        if axis is None:
            return None
        stays = self.stays(layer.tensor.index, axis)
        shape = [-1 if a == axis else 1 for a in range(layer.weights.ndim)]
        reads = np.broadcast_to(~stays.reshape(shape), layer.weights.shape)
        return None if stays.all() else layer.as_matrix(reads)

    def told(self, layer: WeightLayer) -> str:
        """Return what goes of a layer in words; "" if nothing does, and then the layer has the reason."""
        kept = self.channels(layer)
        parts = [
            f"{len(stays)} of {layer.weights.shape[axis]} {what}"
            for stays, axis, what in zip(
                (kept.units, kept.inputs), self._axes(layer), ("channels", "inputs"), strict=True
            )
            if stays is not None and axis is not None
        ]
        layer.reason = "" if parts else layer.reason or self._why(layer)
        return ", ".join(parts)

    def channels(self, layer: WeightLayer) -> KeptChannels:
        """Return what stays of a layer."""
        found: list[tuple[int, ...] | None] = []
        for axis in self._axes(layer):
            stays = np.ones(0, bool) if axis is None else self.stays(layer.tensor.index, axis)
            found.append(None if stays.all() else tuple(map(int, np.flatnonzero(stays))))
        return KeptChannels(layer.subgraph, layer.index, *found)

    def _axes(self, layer: WeightLayer) -> tuple[int, int | None]:
        return WEIGHTS[layer.node.name][1:]

    def _why(self, layer: WeightLayer) -> str:
        made = self.labels[self.positions.of(layer.tensor.index, WEIGHTS[layer.node.name][1])]
        return next((self.reasons[int(unit)] for unit in made if int(unit) in self.reasons), _TOO_FEW)

    def _weights_of(self, unit: Unit) -> int:
        """Return how many weights go with a unit, as long as all others are there."""
        count = 0
        for layer in self.layers:
            for axis in (a for a in self._axes(layer) if a is not None):
                places = self.labels[self.positions.of(layer.tensor.index, axis)]
                count += layer.weights.size // len(places) * int((places == unit).sum())
        return count

    def _allowed(self, wanted: Mapping[int, Pruning]) -> dict[Unit, Pruning]:
        """Return the units that may go, each with the least that its layers are to lose."""
        found: dict[Unit, Pruning] = {}
        for layer in self.layers:
            asked = wanted.get(id(layer), _NOTHING)
            if layer.node.name == "DEPTHWISE_CONV_2D":  # it hands channels on, and makes none
                continue
            axis = WEIGHTS[layer.node.name][1]
            for unit in map(int, np.unique(self.labels[self.positions.of(layer.tensor.index, axis)])):
                if unit not in self.reasons:
                    found[unit] = min(asked, found.get(unit, asked), key=lambda p: (p.share, not p.is_own))
        return found

    def _sizes(self) -> np.ndarray:
        """Return how large the weights of each unit are: squares, as a share of the layer's mean."""
        sums, counts = np.zeros(len(self.labels)), np.zeros(len(self.labels))
        for layer in self.layers:
            for axis in self._axes(layer):
                if axis is not None:
                    squares = np.square(layer.weights, dtype=np.float64)
                    sizes = squares.mean(axis=tuple(a for a in range(squares.ndim) if a != axis))
                    units = self.labels[self.positions.of(layer.tensor.index, axis)]
                    np.add.at(sums, units, sizes / max(sizes.mean(), 1e-300))
                    np.add.at(counts, units, 1)
        return np.asarray(sums / np.maximum(counts, 1))


def prune_channels(
    edit: ModelEdit,
    layers: Sequence[WeightLayer],
    wanted: Mapping[int, Pruning],
    share: float | None = None,
    on_samples: OnSamples | None = None,
) -> tuple[dict[int, str], tuple[KeptChannels, ...]]:
    """Take channels out of a model; return what was done to each layer, by its ``id``, and what stays.

    :param wanted: what layers are to lose of their channels, by their ``id``; of the others none goes
    :param share: of the model, which its layers share out; None: each loses what it is to lose
    :param on_samples: shows what layers read, and changes their weights; returns the layers where it did,
        by their ``id``
    """
    if on_samples is not None:
        for layer in filter(is_mendable, layers):
            own_bias(layer)
    graphs = [_channels(edit, graph, layers) for graph in edit.graphs]
    reads: dict[int, np.ndarray] = {}
    if on_samples is not None:
        _look(graphs, on_samples)
    for channels in graphs:
        channels.choose(wanted, share)
        for layer in channels.layers:
            removed = channels.removed_inputs(layer)
            if removed is not None:
                reads[id(layer)] = removed
    some = [layer for layer in layers if id(layer) in reads]
    mended = set() if on_samples is None else on_samples(some, _without(reads))
    told: dict[int, str] = {}
    kept: list[KeptChannels] = []
    for channels in graphs:
        for layer in channels.layers:
            done = channels.told(layer)
            told[id(layer)] = f"{done}, reconstructed" if id(layer) in mended else done
            kept += [channels.channels(layer)] if done else []
        remove(channels.graph, channels.kept())
    return told, tuple(kept)


def _look(graphs: Sequence[Channels], on_samples: OnSamples) -> None:
    """Let samples say what is lost without each unit."""
    known = [channels for channels in graphs for _ in channels.layers]
    layers = [layer for channels in graphs for layer in channels.layers]
    of = {id(layer): channels for layer, channels in zip(layers, known, strict=True)}

    def change(layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> None:
        of[id(layer)].look(layer, weights, squares)

    on_samples(layers, change)


def _without(reads: Mapping[int, np.ndarray]) -> Change:
    """Return what lets the inputs that stay make up for those that go, which some weights read."""

    def change(layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> np.ndarray:
        rows = zip(weights, squares, reads[id(layer)].reshape(weights.shape), strict=True)
        return np.stack([least_squares(w, a, gone) for w, a, gone in rows])

    return change


def _channels(edit: ModelEdit, graph: GraphEdit, layers: Sequence[WeightLayer]) -> Channels:
    positions = followed(edit, graph)
    known = []
    for layer in layers:
        if layer.graph is not graph or layer.node.name not in WEIGHTS:
            continue
        try:
            positions.of(layer.tensor.index, 0)
        except Lost:
            continue
        known.append(layer)
        if layer.reason and not layer.is_shared:
            positions.fix_all([layer.tensor.index], layer.reason)
    return Channels(graph, known, positions)
