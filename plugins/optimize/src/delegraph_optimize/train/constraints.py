"""What a weight has to be like while it is trained, and in the file: pruned, clustered, or what you like.

``train(model, data, constraints={"conv/kernel": TopHalf()})`` takes one for a tensor, by its name or its
number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch


@runtime_checkable
class WeightConstraint(Protocol):
    """Keeps the weights of one tensor in a set: those with so many zeros, those of so few values.

    Weights are those of floats of the prepared model, in the shape that the tensor has in the file.
    Training moves weights that obey nothing; the model computes with what ``apply`` makes of them, and
    stores what ``final`` makes of them. Where both quantization and a constraint are asked for, the
    constraint comes first. Only an epoch after which all constraints are met can be the one that is kept.
    """

    def start(self, weights: np.ndarray) -> None:
        """Take in the weights with which training begins; again, those of a checkpoint, where it goes on;
        and in the end those that are kept, which ``final`` made: it makes the same of them then.
        """
        ...

    def step(self, step: int, steps: int) -> None:
        """Move a schedule on: called before each of so many steps, from 0, and with ``steps`` at last."""
        ...

    def is_met(self) -> bool:
        """Say whether the weights are by now what they have to be in the end."""
        ...

    def apply(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weights to compute with, of the same shape.

        Its gradient says how training moves the weights: those that are multiplied by 0 stay as they are.
        Where it has none, as of rounding, ``weight + (found - weight).detach()`` looks through it.
        """
        ...

    def final(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights to store, as float32."""
        ...


@runtime_checkable
class ResumableConstraint(WeightConstraint, Protocol):
    """One that has seen more than weights show: a checkpoint holds that, and training goes on the same."""

    def state(self) -> Mapping[str, Any]:
        """Return what it has seen: arrays, numbers, None, and lists of these, by names."""
        ...

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Take in what ``state`` gave, after ``start``.

        :raises KeyError, TypeError, ValueError: it is none of this constraint: the checkpoint is refused
        """
        ...
