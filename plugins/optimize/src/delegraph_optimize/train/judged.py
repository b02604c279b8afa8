"""What a model came to on the samples that judge it, and when one model counts as better than another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from attrs import frozen

from .torch_extra import torch


@frozen(eq=False)
class Judged:
    """What a model came to on samples.

    Where labels say the classes, wrong ones judge, since a loss grows with the certainty of a few wrong
    answers while more and more are right; else the loss does.
    """

    losses: np.ndarray  # of each sample
    right: np.ndarray  # of each sample: the share of its places with the wanted class; none without classes
    by_class: bool  # whether these judge

    @property
    def loss(self) -> float:
        return float(self.losses.mean())

    @property
    def metric(self) -> float:
        return float(self.right.mean()) if self.right.size else math.nan

    @property
    def costs(self) -> np.ndarray:
        """What is to be small, of each sample."""
        return 1 - self.right if self.by_class else self.losses

    @property
    def state(self) -> dict[str, Any]:
        """Tensors and numbers, as a checkpoint holds them."""
        losses, right = map(torch.from_numpy, (self.losses, self.right))
        return {"losses": losses, "right": right, "by_class": self.by_class}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Judged:
        return cls(state["losses"].numpy(), state["right"].numpy(), state["by_class"])

    def is_better_than(self, other: Judged) -> bool:
        if not math.isfinite(other.loss):
            return True
        return (self.costs.mean(), self.loss) < (other.costs.mean(), other.loss)

    def is_surely_better_than(self, other: Judged) -> bool:
        """Tell whether it is better by more than the standard error of the samples' differences."""
        if not math.isfinite(other.loss):
            return True
        differences = other.costs - self.costs
        error = differences.std(ddof=1) / math.sqrt(differences.size) if differences.size > 1 else 0.0
        return bool(differences.mean() > error)
