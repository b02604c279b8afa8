"""Block reconstruction: the weights, scales and biases of a block are learned together, so that the block
writes what the block of floats writes, of what the quantized ops before it leave of its input.

Roundings are soft while they are learned; w = steps · exp(s) · (floor(W / steps) + h(V)), and V, s and the
bias move down the slope of the squared error.

Source: Li et al., "BRECQ: pushing the limit of post-training quantization by block reconstruction", 2021,
section 3; steps as in Esser et al., "Learned step size quantization", 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .slopes import BlockSlopes, ProductSlopes
from .soft_rounding import Adam, SoftRounding
from .stored_product import StoredProduct
from .wishes import Wishes

_RATE = 0.1  # of Adam, for roundings
_STEPS_RATE = 0.003  # of the logarithms of steps
_BIAS_RATE = 0.002  # of biases, for what an op writes on the average
_MOST_VALUES = 1 << 20  # of a tensor, in all samples of an iteration
_MOST_OF_ONE = 1 << 17  # of a sample's largest tensor: of larger ones, a part of each sample is looked at
_LEAST_SIDE = 16  # of a part
_BATCH = (2, 16)  # samples: at least, and at most
_JUDGED = 64  # samples that say whether what is learned is better than the nearest integers
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
    rng = np.random.default_rng(wishes.seed)
    floats, found = _parts(block, floats, found, rng)
    wanted = outputs(block, floats)
    few = min(one.limit for one in stored.values())  # beside weights of 4 bits, those of 8 lose nothing
    soft = [_Soft(block.products[i], stored[i], steps[i], wishes, stored[i].limit == few) for i in stored]
    for one in soft:
        one.use_nearest()
    nearest = _error(block, found[:_JUDGED], wanted[:_JUDGED])
    weights = sum(one.stored.weights.size for one in soft)
    scale = np.float32(weights / max(nearest, 1e-12))
    size = _batch(block, floats, len(found))
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
    if _error(block, found[:_JUDGED], wanted[:_JUDGED]) > nearest:
        for one in soft:
            one.use_nearest()
    for one in soft:
        one.write()


def outputs(block: BlockSlopes, x: np.ndarray) -> np.ndarray:
    """Return what a block writes of many samples."""
    return np.concatenate([block.forward(x[i : i + _AT_ONCE]) for i in range(0, len(x), _AT_ONCE)])


def _error(block: BlockSlopes, found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.square(outputs(block, found) - wanted).mean(dtype=np.float64))


def _batch(block: BlockSlopes, read: np.ndarray, samples: int) -> int:
    share = read[0].size / max(math.prod(block.block.reads.shape or ()), 1)
    largest = max(int(share * block.largest), 1)
    return min(int(np.clip(_MOST_VALUES // largest, *_BATCH)), samples)


def _parts(
    block: BlockSlopes, floats: np.ndarray, found: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same part of each sample in floats and in the quantized model, where samples are large."""
    if block.largest <= _MOST_OF_ONE or not block.is_local:
        return floats, found
    share = math.sqrt(_MOST_OF_ONE / block.largest)
    sides = [min(max(_LEAST_SIDE, 2 * round(share * n / 2)), n) for n in floats.shape[2:4]]
    kept: list[list[np.ndarray]] = [[], []]
    for one, other in zip(floats, found, strict=True):
        y, x = (int(rng.integers(n - side + 1)) for n, side in zip(one.shape[1:3], sides, strict=True))
        for parts, whole in zip(kept, (one, other), strict=True):
            parts.append(whole[:, y : y + sides[0], x : x + sides[1]])
    return np.stack(kept[0]), np.stack(kept[1])


class _Soft:
    """What is learned of one product."""

    def __init__(
        self,
        product: ProductSlopes,
        stored: StoredProduct,
        steps: np.ndarray,
        wishes: Wishes,
        moves_weights: bool,
    ) -> None:
        self.stored = stored
        product.is_learned = moves_weights
        self._product, self._first = product, steps
        self._nearest = np.clip(np.rint(stored.weights / steps), -stored.limit, stored.limit)
        self._rounding = SoftRounding(stored.weights / steps, stored.limit) if moves_weights else None
        self._bias = stored.bias.astype(np.float32)
        self._stretch = np.zeros(steps.shape, np.float32)  # s
        self._moves_bias = bool(wishes.bias_correction)
        self._adams = [Adam(self._bias), Adam(self._stretch)]

    def use_nearest(self) -> None:
        self._use(self._nearest, self._first, self.stored.bias)

    def use_soft(self) -> None:
        numbers = self._nearest if self._rounding is None else self._rounding.numbers()
        self._use(numbers, self._steps(), self._bias)

    def use_rounded(self) -> None:
        numbers = self._nearest if self._rounding is None else self._rounding.rounded()
        self._use(numbers, self._steps(), self._bias)

    def move(self, scale: np.float32, progress: float) -> None:
        """Move all against the slopes that the product has."""
        product, left = self._product, 1 - progress
        if self._rounding is not None:
            self._move_weights(self._rounding, product.by_weights * scale, progress)
        if self._moves_bias:
            rate = _BIAS_RATE * left * product.level
            self._adams[0].move(self._bias, product.by_bias * scale, rate)

    def _move_weights(self, rounding: SoftRounding, slope: np.ndarray, progress: float) -> None:
        numbers, steps = (v.astype(np.float32) for v in self._now[:2])
        rounding.move(slope * steps, progress, _RATE)
        if not self.stored.in_blocks:
            by_steps = (slope * numbers * steps).sum(axis=2, keepdims=True)
            self._adams[1].move(self._stretch, by_steps, _STEPS_RATE * (1 - progress))

    def write(self) -> None:
        numbers, steps, bias = self._now
        self.stored.write(numbers, steps)
        self.stored.write_bias(bias)

    def _steps(self) -> np.ndarray:
        return np.asarray(np.maximum(self._first * np.exp(self._stretch), self.stored.least_steps))

    def _use(self, numbers: np.ndarray, steps: np.ndarray, bias: np.ndarray) -> None:
        self._now = (numbers, steps, bias)
        self._product.set(numbers * steps, bias)
