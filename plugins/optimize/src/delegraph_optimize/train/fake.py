"""Fake quantization: values rounded to what integers can say, with the gradient of values that are not.

Outside of what the integers reach, an activation has no gradient; the range learns of it.

Source: Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
inference", 2018; of learned steps: Esser et al., "Learned step size quantization", 2020.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from delegraph import DTYPES, Quantization

from ..schemes.numbers import TINY
from .edges import SharedScale
from .torch_extra import Function, Module, torch

_PAST = 0.99  # of the moving averages of observed ranges: what those before weigh
_TRIED = np.linspace(0.4, 1.0, 25)  # shares of the largest step, of which the best begins


class ActivationScale(Module):
    """The scale of tensors that share one, of so many bits.

    :param how: ``learned`` by gradient, ``observed`` as moving averages of what comes, or ``fixed``
    """

    def __init__(self, shared: SharedScale, bits: int, how: str) -> None:
        super().__init__()
        self.dtype, self.bits = shared.dtype, bits
        self.how = "fixed" if shared.is_fixed else how
        self.least, self.most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        low, high = ends_of(shared.quantization, shared.dtype)
        scale, point = self._of_ends(low, high)
        self.observes = self.how == "observed"
        if self.how == "learned":
            self.log_scale = torch.nn.Parameter(torch.tensor([math.log(scale)]))
        else:
            self.register_buffer("scale", torch.tensor([scale]))
        self.register_buffer("zero_point", torch.tensor([point], dtype=torch.int32))
        self.register_buffer("low", torch.tensor(low))
        self.register_buffer("high", torch.tensor(high))

    def forward(self, x: Any) -> Any:
        if self.observes and self.training:
            self._observe(x.detach())
        point = int(self.zero_point)
        factor = 0.0
        if self.how == "learned":
            factor = 1.0 / math.sqrt(max(x.numel() // x.shape[0] if x.dim() else 1, 1) * self.most)
        return RoundedValues.apply(x, self.step, self.least - point, self.most - point, factor)

    @property
    def step(self) -> Any:
        """The scale, as a tensor of one value."""
        return self.log_scale.exp() if self.how == "learned" else self.scale

    @property
    def stored_step(self) -> float:
        """The scale in the file, whose integers have 8 or 16 bits."""
        least, most = DTYPES[self.dtype].limits
        is_even = self.dtype == "int16"  # around 0
        share = self.most / most if is_even else (self.most - self.least) / (most - least)
        return float(self.step.detach()) * share

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value that the integers can say."""
        scale, point = float(self.step.detach()), int(self.zero_point)
        return (self.least - point) * scale, (self.most - point) * scale

    def _observe(self, x: Any) -> None:
        low, high = (float(v) for v in torch.aminmax(x))
        self.low.mul_(_PAST).add_((1 - _PAST) * min(low, 0.0))
        self.high.mul_(_PAST).add_((1 - _PAST) * max(high, 0.0))
        scale, point = self._of_ends(float(self.low), float(self.high))
        self.scale.fill_(scale)
        self.zero_point.fill_(point)

    def _of_ends(self, low: float, high: float) -> tuple[float, int]:
        if self.dtype == "int16":
            return max(max(-low, high) / self.most, TINY), 0
        scale = float(np.float32(max((high - low) / (self.most - self.least), TINY)))
        return scale, int(np.clip(np.rint(self.least - low / scale), self.least, self.most))


class WeightScale(Module):
    """The steps of weights, one for each channel: of the largest value; or, of few bits, learned.

    :param axis: of the channels; None: one step for all
    """

    def __init__(self, weights: Any, axis: int | None, bits: int, is_learned: bool) -> None:
        super().__init__()
        self.axis, self.bits, self.limit = axis, bits, (1 << (bits - 1)) - 1
        self.is_learned = is_learned
        steps = self.of_largest(weights.detach())
        if is_learned:
            steps = _best_steps(weights.detach(), steps, self)
            self.log_steps = torch.nn.Parameter(steps.log())

    def begin(self, steps: Any) -> None:
        """Let learned steps begin with others."""
        with torch.no_grad():
            self.log_steps.copy_(steps.clamp(min=TINY).log())

    @property
    def is_own(self) -> bool:
        """Whether the steps are others than those that ``quantize`` would choose for the same weights."""
        return self.bits < 8

    def of_largest(self, weights: Any, least: Any = None) -> Any:
        axes = [i for i in range(weights.dim()) if i != self.axis]
        largest = weights.abs().amax(axes) if axes else weights.abs()
        largest = largest.reshape(-1)
        steps = torch.where(largest > 0, largest / self.limit, 1.0).clamp(min=TINY)
        return steps if least is None else torch.maximum(steps, least)

    def steps(self, weights: Any, least: Any = None) -> Any:
        """Return the steps that weights have now; at least so large."""
        if not self.is_learned:
            return self.of_largest(weights.detach(), least)
        steps = self.log_steps.exp()
        return steps if least is None else torch.maximum(steps, least)

    def forward(self, weights: Any, steps: Any) -> Any:
        points = torch.zeros(len(steps), dtype=torch.float32 if self.is_learned else torch.int32)
        if self.axis is None:
            return torch.fake_quantize_per_tensor_affine(
                weights, steps, points.int(), -self.limit, self.limit
            )
        if self.is_learned:
            factor = 1.0 / math.sqrt(weights.numel() / len(steps) * self.limit)
            return torch._fake_quantize_learnable_per_channel_affine(
                weights, steps, points, self.axis, -self.limit, self.limit, factor
            )
        return torch.fake_quantize_per_channel_affine(
            weights, steps, points, self.axis, -self.limit, self.limit
        )


class RoundedValues(Function):
    """Values in whole steps from ``low`` to ``high``.

    Within, the gradient is that of values that are not rounded; beyond, there is none. That of the step is
    the sum of g · (rounded - value) / step within and of g · end beyond, times a factor.
    """

    @staticmethod
    def forward(ctx: Any, x: Any, step: Any, low: int, high: int, factor: float) -> Any:
        one = step.reshape(())  # a scalar stays one
        found = torch.round(x * (1.0 / one))
        stored = found.clamp(low, high)
        within = found == stored
        y = stored.mul_(one)
        ctx.factor = factor
        ctx.save_for_backward(within, *((x, y, step) if factor else ()))
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        within, *learning = ctx.saved_tensors
        of_x = g * within
        if not learning:
            return of_x, None, None, None, None
        x, y, step = learning
        total = torch.vdot(g.reshape(-1), y.reshape(-1)) - torch.vdot(of_x.reshape(-1), x.reshape(-1))
        return of_x, (total * ctx.factor / step).reshape(step.shape), None, None, None


def rounded(values: Any, steps: Any) -> Any:
    """Return a bias in whole steps; the gradient is that of the bias."""
    return values + (torch.round(values / steps) * steps - values).detach()


def ends_of(q: Quantization, dtype: str) -> tuple[float, float]:
    """Return the lowest and the highest real value that integers of a scale can say."""
    least, most = DTYPES[dtype].limits
    scale, point = float(q.scale[0]), int(q.zero_point[0])
    return (least - point) * scale, (most - point) * scale


def _best_steps(weights: Any, largest: Any, scale: WeightScale) -> Any:
    """Return steps of the least squared error."""
    shape = [-1 if i == scale.axis else 1 for i in range(weights.dim())]
    axes = [i for i in range(weights.dim()) if i != scale.axis]
    best, least = largest, torch.full_like(largest, math.inf)
    for share in _TRIED:
        steps = largest * float(share)
        wide = steps.reshape(shape)
        stored = (torch.round(weights / wide).clamp(-scale.limit, scale.limit) * wide - weights).square()
        error = stored.sum(axes)
        best = torch.where(error < least, steps, best)
        least = torch.minimum(error, least)
    return best
