"""What ``cluster`` is asked for, checked."""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen
from delegraph import InputError

from ..compress import LayerRule, WeightLayer
from .kmeans import STARTS
from .shared_values import Clustering

PER = ("tensor", "channel")
_MOST = 1 << 16
_KEPT = 0.1  # of a layer's weights: so many zeros are no chance, and are kept
_FEW = "a depthwise filter has few weights, and each counts: a rule may ask for it"


@frozen
class AskedClustering:
    """What the weights of each layer of a model are to be."""

    clusters: int
    per: str
    init: str
    keep_zeros: bool | None  # None: where a layer has many
    rules: tuple[LayerRule, ...] = ()

    def check(self) -> None:
        """:raises InputError: an argument is none of those known"""
        for clusters in (self.clusters, *(r.clusters for r in self.rules if r.clusters is not None)):
            if not 2 <= clusters <= _MOST:
                raise InputError(f"clusters needs a number from 2 to {_MOST}, found {clusters}")
        for name, found, known in (("per", self.per, PER), ("init", self.init, tuple(STARTS))):
            if found not in known:
                raise InputError(f"{name} needs one of {', '.join(known)}, found {found!r}")

    def of(self, layer: WeightLayer) -> Clustering | str:
        """Return what a layer's weights are to be, or why they are left alone."""
        if layer.reason:
            return layer.reason
        fitting = [rule for rule in self.rules if rule.fits(layer)]
        clusters = next((r.clusters for r in reversed(fitting) if r.clusters is not None), None)
        if next((r.skip for r in reversed(fitting) if r.skip is not None), False):
            return "a rule says so"
        if layer.node.name == "DEPTHWISE_CONV_2D" and clusters is None:
            return _FEW
        asked = Clustering(clusters or self.clusters, self.per, self.init)
        return evolve(asked, keep_zeros=self._keeps(layer.weights))

    def _keeps(self, weights: np.ndarray) -> bool:
        if self.keep_zeros is not None:
            return self.keep_zeros
        return bool(np.count_nonzero(weights == 0) >= _KEPT * weights.size)
