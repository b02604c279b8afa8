"""Pruning while a model is trained: the smallest weights are zero, more of them as training goes on.

Source: Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression",
2017, section 3.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from delegraph import InputError, Model

from ..compress import CompressedModel, LayerRule, WeightLayer, layer_rules, layers_to_train
from .asked import AskedPruning, Pruning

if TYPE_CHECKING:
    import torch

SCHEDULES = ("polynomial", "constant", "kept")
_POWER = 3


@define(eq=False)
class PruningConstraint:
    """Keeps a share of the weights of one tensor zero, as ``train`` asks of a weight constraint."""

    layer: WeightLayer  # which says how weights are a matrix
    pruning: Pruning
    schedule: str = "polynomial"  # the share grows; "constant": it is there at once; "kept": zeros stay
    begin: float = 0.0  # as a share of the steps
    end: float = 0.75  # from there on, the same weights stay zero
    frequency: int = 10  # steps after which the smallest weights are looked for again
    _share: float = field(default=0.0, init=False)
    _is_due: bool = field(default=False, init=False)
    _kept: np.ndarray | None = field(default=None, init=False)

    def start(self, weights: np.ndarray) -> None:
        """Take in the weights with which training begins, or goes on."""
        self._kept, self._share = None, 0.0
        if self.schedule == "kept":
            self._kept = self.layer.weights != 0

    def state(self) -> Mapping[str, Any]:
        """Return which weights stay, of what share it is, and whether they are to be looked for again."""
        return {"kept": self._kept, "share": self._share, "is_due": self._is_due}

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Take in what ``state`` gave."""
        kept = state["kept"]
        if kept is not None and kept.shape != self.layer.weights.shape:
            raise ValueError("the zeros are of other weights")
        self._kept, self._share, self._is_due = kept, state["share"], state["is_due"]

    def step(self, step: int, steps: int) -> None:
        """Move the schedule on."""
        if self.schedule == "kept":
            return
        at = step / max(steps, 1)
        share = self.share_at(at)
        is_time = at < self.end and step % self.frequency == 0
        is_last = at >= self.end and self._share < share
        self._is_due |= share > 0 and (is_time or is_last or self._kept is None)
        self._share = share

    def is_met(self) -> bool:
        """Say whether all that is to be zero is."""
        return self.schedule == "kept" or self._share >= self.pruning.share

    def share_at(self, at: float) -> float:
        """Return the share of zeros after a share of the steps.

        share = final (1 - (1 - (at - begin) / (end - begin))³)
        """
        if at < self.begin:
            return 0.0
        if self.schedule == "constant" or at >= self.end:
            return self.pruning.share
        left = 1 - (at - self.begin) / (self.end - self.begin)
        return self.pruning.share * (1 - left**_POWER)

    def apply(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weights, the smallest of them zero."""
        import torch

        self._look(weight.detach().cpu().numpy())
        return weight if self._kept is None else weight * torch.from_numpy(self._kept).to(weight)

    def final(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights to store."""
        self._look(weights)
        found = weights if self._kept is None else np.where(self._kept, weights, np.float32(0))
        return np.asarray(found, np.float32)

    def _look(self, weights: np.ndarray) -> None:
        """Look for the smallest weights, if it is time to."""
        if not self._is_due:
            return
        matrix, pattern = self.layer.as_matrix(np.abs(weights)), self.pruning.pattern
        groups = pattern.groups(matrix.shape[1], self.layer.row)
        self._kept = self.layer.as_weights(~pattern.removed(matrix, groups, self._share))
        self._is_due = False


def pruning_constraints(
    model: Model | CompressedModel | str | os.PathLike[str],
    sparsity: float | None = None,
    *,
    pattern: str = "unstructured",
    rules: str | os.PathLike[str] | Iterable[LayerRule] | None = None,
    schedule: str = "polynomial",
    begin: float = 0.0,
    end: float = 0.75,
    frequency: int = 10,
    signature: str | None = None,
) -> dict[int | str, PruningConstraint]:
    """Return what ``train`` needs to prune a model: a constraint by the number of the tensor.

    :param model: the model, or what ``prune`` made of it; rules speak of the model before
    :param sparsity: the share of zeros in the end, with ``pattern`` and ``rules`` as of ``prune``
    :param schedule: ``"polynomial"``: the share grows, fast at first; ``"constant"``: it is there at once;
        ``"kept"``: the model is pruned already, its zeros stay, whatever the share
    :param begin: when it begins, as a share of the steps
    :param end: when it is all there; from then on the same weights are zero
    :param frequency: steps after which the smallest weights are looked for again
    :param signature: whose subgraph is trained; None: the main one
    :raises InputError: an argument is none of these, or there is nothing to prune
    """
    if schedule not in SCHEDULES:
        raise InputError(f"schedule needs one of {', '.join(SCHEDULES)}, found {schedule!r}")
    if not 0 <= begin < end <= 1:
        raise InputError(f"begin and end need to be in order from 0 to 1, found {begin:g} and {end:g}")
    if frequency < 1:
        raise InputError(f"frequency needs a number of steps from 1 on, found {frequency}")
    asked = AskedPruning(sparsity, pattern, layer_rules(rules, ("sparsity", "pattern")))
    asked.check()
    found: dict[int | str, PruningConstraint] = {}
    for layer in layers_to_train(model, signature, "prune"):
        wanted = asked.of(layer)
        if isinstance(wanted, Pruning):
            found[layer.tensor.index] = PruningConstraint(layer, wanted, schedule, begin, end, frequency)
    return found
