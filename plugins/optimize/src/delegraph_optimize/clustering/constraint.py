"""Clustering while a model is trained: weights are the nearest of a few values, and the values are trained.

What training moves are the weights; a value is the mean of the weights that have it, so it moves by the
mean of their gradients.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from delegraph import InputError, Model

from ..compress import CompressedModel, LayerRule, WeightLayer, layer_rules, layers_to_train
from .asked import AskedClustering
from .kmeans import moved, nearest
from .shared_values import Clustering

if TYPE_CHECKING:
    import torch


@define(eq=False)
class ClusteringConstraint:
    """Keeps the weights of one tensor at a few values, as ``train`` asks of a weight constraint."""

    layer: WeightLayer  # which says how weights are a matrix
    clustering: Clustering
    begin: float = 0.0  # as a share of the steps
    seed: int = 0
    _is_on: bool = field(default=False, init=False)
    _is_due: bool = field(default=False, init=False)
    _zeros: np.ndarray | None = field(default=None, init=False)
    _values: list[np.ndarray] = field(factory=list, init=False)  # of all units, or of each

    def start(self, weights: np.ndarray) -> None:
        """Take in the weights with which training begins, or goes on: zeros that are kept are theirs."""
        if self._zeros is None:
            self._zeros = self.layer.as_matrix(self.layer.weights == 0) & self.clustering.keep_zeros
        self._values = []

    def state(self) -> Mapping[str, Any]:
        """Return the values, which zeros are kept, and what the schedule says."""
        return {"is_on": self._is_on, "is_due": self._is_due, "zeros": self._zeros, "values": self._values}

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Take in what ``state`` gave."""
        zeros, values = state["zeros"], list(state["values"])
        shape = self.layer.as_matrix(self.layer.weights).shape
        if zeros.shape != shape or len(values) not in (0, len(self.clustering.rows(np.empty(shape)))):
            raise ValueError("the values are of other weights")
        self._is_on, self._is_due = state["is_on"], state["is_due"]
        self._zeros, self._values = zeros, values

    def step(self, step: int, steps: int) -> None:
        """Let the values follow the weights once a step."""
        self._is_on = step >= self.begin * steps
        self._is_due = step < steps

    def is_met(self) -> bool:
        """Say whether weights are the nearest values by now."""
        return self._is_on

    def apply(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weights, each the nearest value."""
        import torch

        if not self._is_on:
            return weight
        found = torch.from_numpy(self.final(weight.detach().cpu().numpy())).to(weight)
        return weight + (found - weight).detach()

    def final(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights to store."""
        if not self._is_on:
            return np.asarray(weights, np.float32)
        assert self._zeros is not None
        matrix = np.where(self._zeros, 0.0, self.layer.as_matrix(weights)).astype(np.float64)
        rows = self.clustering.rows(matrix)
        if not self._values:
            rng = np.random.default_rng(self.seed)
            self._values = [self._first(matrix[r], self._zeros[r], rng) for r in rows]
        elif self._is_due:
            pairs = zip(self._values, rows, strict=True)
            self._values = [moved(matrix[r], v, keep_zero=bool(self._zeros[r].any())) for v, r in pairs]
        self._is_due = False
        found = np.empty(matrix.shape)
        for values, r in zip(self._values, rows, strict=True):
            found[r] = values[nearest(matrix[r], values)]
        return np.asarray(self.layer.as_weights(np.where(self._zeros, 0.0, found)), np.float32)

    def _first(self, weights: np.ndarray, zeros: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the values to begin with: those that weights have, where they are few already."""
        distinct = np.unique(weights)
        if len(distinct) <= self.clustering.clusters:
            return distinct
        return self.clustering.values(weights, zeros, None, rng)


def clustering_constraints(
    model: Model | CompressedModel | str | os.PathLike[str],
    clusters: int = 16,
    *,
    per: str = "tensor",
    init: str = "kmeans++",
    keep_zeros: bool | None = None,
    rules: str | os.PathLike[str] | Iterable[LayerRule] | None = None,
    begin: float = 0.0,
    seed: int = 0,
    signature: str | None = None,
) -> dict[int | str, ClusteringConstraint]:
    """Return what ``train`` needs to cluster a model: a constraint by the number of the tensor.

    :param model: the model, or what ``cluster`` made of it; rules speak of the model before
    :param clusters: how many values, with ``per``, ``init``, ``keep_zeros`` and ``rules`` as of ``cluster``
    :param begin: when it begins, as a share of the steps
    :param seed: of the first values
    :param signature: whose subgraph is trained; None: the main one
    :raises InputError: an argument is none of these, or there is nothing to cluster
    """
    asked = AskedClustering(clusters, per, init, keep_zeros, layer_rules(rules, ("clusters",)))
    asked.check()
    if not 0 <= begin < 1:
        raise InputError(f"begin needs a share of the steps from 0 to less than 1, found {begin:g}")
    found: dict[int | str, ClusteringConstraint] = {}
    for layer in layers_to_train(model, signature, "cluster"):
        wanted = asked.of(layer)
        if isinstance(wanted, Clustering):
            found[layer.tensor.index] = ClusteringConstraint(layer, wanted, begin, seed)
    return found
