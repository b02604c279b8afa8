"""Block reconstruction: the weights, scales and biases of a block are learned together, so that the block
writes what the block of floats writes, of what the quantized ops before it leave of its input.

Roundings are soft while they are learned; w = steps · exp(s) · (floor(W / steps) + h(V)), and V, s and the
bias move down the slope of the squared error.

Source: Li et al., "BRECQ: pushing the limit of post-training quantization by block reconstruction", 2021,
section 3; steps as in Esser et al., "Learned step size quantization", 2020.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .slopes import BlockSlopes, ProductSlopes
from .soft_rounding import Adam, SoftRounding
from .stored_product import StoredProduct
from .wishes import Wishes

_RATE = 0.1  # of Adam, for roundings
_STEPS_RATE = 0.003  # of the logarithms of steps
_BIAS_RATE = 0.002  # of biases, for what an op writes on the average
_MOST_VALUES = 1 << 21  # of a tensor, in all samples of an iteration
_BATCH = (2, 16)  # samples: at least, and at most
_AT_ONCE = 4  # samples that run where nothing is learned


def reconstruct(
    block: BlockSlopes,
    stored: Mapping[int, StoredProduct],
    steps: Mapping[int, np.ndarray],
    floats: np.ndarray,
    found: np.ndarray,
    wishes: Wishes,
) -> None:
    """Store what is learned of a block, or the nearest integers where these are better.

    :param stored: products by the number of the op; those that are not among them stay floats
    :param steps: to begin with, of the same
    :param floats: what the block of floats reads, (samples, *shape)
    :param found: the real numbers that the quantized one reads in its place
    """
    wanted = outputs(block, floats)
    soft = [_Soft(block.products[i], stored[i], steps[i], wishes) for i in stored]
    for one in soft:
        one.use_nearest()
    nearest = _error(block, found, wanted)
    weights = sum(one.stored.weights.size for one in soft)
    scale = np.float32(weights / max(nearest, 1e-12))
    rng = np.random.default_rng(wishes.seed)
    size = _batch(block, len(found))
    for done in range(wishes.iterations):
        for one in soft:
            one.use_soft()
        some = rng.choice(len(found), size, replace=False)
        off = block.forward(found[some]) - wanted[some]
        block.backward(off * np.float32(2 / off.size))
        for one in soft:
            one.move(scale, done / wishes.iterations)
    for one in soft:
        one.use_rounded()
    if _error(block, found, wanted) > nearest:
        for one in soft:
            one.use_nearest()
    for one in soft:
        one.write()


def outputs(block: BlockSlopes, x: np.ndarray) -> np.ndarray:
    """Return what a block writes of many samples."""
    return np.concatenate([block.forward(x[i : i + _AT_ONCE]) for i in range(0, len(x), _AT_ONCE)])


def _error(block: BlockSlopes, found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.square(outputs(block, found) - wanted).mean(dtype=np.float64))


def _batch(block: BlockSlopes, samples: int) -> int:
    largest = max(int(np.prod(step.op.outputs[0].shape or ())) for step in block.steps)
    return min(int(np.clip(_MOST_VALUES // max(largest, 1), *_BATCH)), samples)


class _Soft:
    """What is learned of one product."""

    def __init__(
        self, product: ProductSlopes, stored: StoredProduct, steps: np.ndarray, wishes: Wishes
    ) -> None:
        self.stored = stored
        self._product, self._first = product, steps
        self._rounding = SoftRounding(stored.weights / steps, stored.limit)
        self._bias = stored.bias.astype(np.float32)
        self._stretch = np.zeros(steps.shape, np.float32)  # s
        self._moves_bias = bool(wishes.bias_correction)
        self._adams = [Adam(self._bias), Adam(self._stretch)]

    def use_nearest(self) -> None:
        w = np.rint(self.stored.weights / self._first)
        self._use(np.clip(w, -self.stored.limit, self.stored.limit), self._first, self.stored.bias)

    def use_soft(self) -> None:
        self._use(self._rounding.numbers(), self._steps(), self._bias)

    def use_rounded(self) -> None:
        self._use(self._rounding.rounded(), self._steps(), self._bias)

    def move(self, scale: np.float32, progress: float) -> None:
        """Move all against the slopes that the product has."""
        product, left = self._product, 1 - progress
        slope = product.by_weights * scale
        self._rounding.move(slope * self._now[1].astype(np.float32), progress, _RATE)
        by_steps = slope * (self._now[0] * self._now[1]).astype(np.float32)
        if not self.stored.in_blocks:
            self._adams[1].move(self._stretch, by_steps.sum(axis=2, keepdims=True), _STEPS_RATE * left)
        if self._moves_bias:
            rate = _BIAS_RATE * left * product.level
            self._adams[0].move(self._bias, product.by_bias * scale, rate)

    def write(self) -> None:
        numbers, steps, bias = self._now
        self.stored.write(numbers, steps)
        self.stored.write_bias(bias)

    def _steps(self) -> np.ndarray:
        return np.asarray(np.maximum(self._first * np.exp(self._stretch), self.stored.least_steps))

    def _use(self, numbers: np.ndarray, steps: np.ndarray, bias: np.ndarray) -> None:
        self._now = (numbers, steps, bias)
        self._product.set(numbers * steps, bias)
