"""Weights of fewer significant bits while a model is trained: what is measured is what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import define

from ..compress.significand import ALL, rounded
from .constraints import ResumableConstraint, WeightConstraint
from .torch_extra import torch


@define(eq=False)
class RoundedWeights:
    """Keeps the weights of one tensor at so many significant bits, as ``train`` asks of a constraint."""

    bits: int
    inner: WeightConstraint | None  # what else they have to be

    def start(self, weights: np.ndarray) -> None:
        """Take in the weights with which training begins, or goes on."""
        if self.inner is not None:
            self.inner.start(weights)

    def state(self) -> Mapping[str, Any]:
        """Return what the inner constraint has seen."""
        return self.inner.state() if isinstance(self.inner, ResumableConstraint) else {}

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Take in what ``state`` gave."""
        if isinstance(self.inner, ResumableConstraint):
            self.inner.go_on_from(state)

    def step(self, step: int, steps: int) -> None:
        """Move the schedule on."""
        if self.inner is not None:
            self.inner.step(step, steps)

    def is_met(self) -> bool:
        """Say whether the weights are what they have to be in the end."""
        return self.inner is None or self.inner.is_met()

    def apply(self, weight: Any) -> Any:
        """Return the weights to compute with."""
        made = weight if self.inner is None else self.inner.apply(weight)
        with torch.no_grad():
            # a float, seen as an integer, grows with its size: half of the last bit that stays is added, or
            # less by one where that bit is 0, so that of two that are equally near the even one is found
            gone, stored = ALL - self.bits, made.view(torch.int32)
            stored = stored + ((stored >> gone) & 1) + ((1 << gone >> 1) - 1)
            found = (stored >> gone << gone).view(torch.float32)
        return made + (found - made).detach()

    def final(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights to store."""
        return rounded(weights if self.inner is None else self.inner.final(weights), self.bits)
