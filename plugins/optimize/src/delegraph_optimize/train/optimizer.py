"""How far weights go in a step of Adam: a share of the size of those of their tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .module import TrainableModel
from .torch_extra import torch

_WARM = 0.1  # of the steps: then the learning rate is what was asked for


class Steps:
    """Adam, with a learning rate that rises over the first steps and then falls to 0 along a cosine."""

    def __init__(self, module: TrainableModel, lr: float, steps: int) -> None:
        weights, scales = parameters_of(module)
        groups: list[dict[str, Any]] = [{"params": [w], "lr": lr * size} for w, size in _sizes(weights)]
        groups += [{"params": scales, "lr": lr}] if scales else []
        self._lrs = [group["lr"] for group in groups]
        self._steps = steps
        self.adam = torch.optim.Adam(groups, fused=True)  # a group for each tensor is slow otherwise

    def begin(self, step: int) -> None:
        """Forget the gradients before, and take the learning rate of a step."""
        for group, base in zip(self.adam.param_groups, self._lrs, strict=True):
            group["lr"] = base * self._share(step)
        self.adam.zero_grad()

    def _share(self, step: int) -> float:
        """Return the share of the learning rate."""
        warm = min((step + 1) / (_WARM * self._steps), 1.0)
        return warm * 0.5 * (1 + math.cos(math.pi * step / self._steps))


def parameters_of(module: TrainableModel) -> tuple[list[Any], list[Any]]:
    """Return the weights, and the scales that are learned."""
    weights = [getattr(module, name) for name in module.names]
    weights += [p for norm in module.norms for p in (norm.gamma, norm.beta)]
    known = {id(w) for w in weights}
    return weights, [p for p in module.parameters() if id(p) not in known]


def _sizes(weights: Sequence[Any]) -> list[tuple[Any, float]]:
    """Return each tensor with its size: the root of the mean square; of zeros, that of the others."""
    sizes = [float(w.detach().square().mean().sqrt()) for w in weights]
    others = [size for size in sizes if size > 0]
    middle = float(np.median(others)) if others else 1.0
    return [(w, size if size > 0 else middle) for w, size in zip(weights, sizes, strict=True)]
