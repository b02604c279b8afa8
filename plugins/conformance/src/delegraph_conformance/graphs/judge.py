"""The right answer to a graph, and how far from it a delegate may be.

Each op may be off by what its row claims, and the ops behind it may make that more. How much more is found
by asking the judge (LiteRT, or the reference delegate): it runs the graph with noise of the claimed size
added to what each op computes, several times, and the spread of its answers is what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from attrs import frozen
from delegraph import Model, Op

from .copies import Noisy, with_noise
from .dice import Dice

TRIALS = 6  # runs with noise
TRIALS_OF_DOUBT = 60  # for a graph that came out further off: few trials miss what seldom happens
MORE = 3.0  # times the spread that was found: the trials do not find the worst
MORE_MEAN = 1.0  # the same of the mean over an output
LARGEST_HALF = 65504.0
LEAST = 2e-6  # of an output's largest value: floats are never compared more closely


class Runs(Protocol):
    """A model that the judge has loaded, every tensor kept."""

    def run(self, inputs: Sequence[np.ndarray], outputs: Sequence[int] | None = None) -> list[np.ndarray]:
        """Return the outputs of a run, or the tensors of these indices."""

    def tensors(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        """Return the values of tensors in the last run."""


Judge = Callable[[Model], AbstractContextManager[Runs]]
# claim(op): how far off an op may be: in steps, and relative to its output's largest value.
Claim = Callable[[Op], tuple[int, float]]


@frozen(eq=False)
class Answer:
    """What is right for one batch of inputs, and how far off one may be."""

    outputs: tuple[np.ndarray, ...]
    allowed: tuple[float, ...]  # of each output: steps, or absolute for floats
    mean: tuple[float, ...]  # the same, on the average over the output
    fits: bool = True  # whether all numbers on the way can be stored as the variant stores them


def answers(
    model: Model,
    batches: Sequence[Sequence[np.ndarray]],
    claim: Claim,
    judge: Judge,
    rounding: float = 0.0,
    trials: int = TRIALS,
) -> list[Answer]:
    """Return the judge's answer for each of the batches of inputs.

    :param rounding: of float inputs, relative to each number.
    :param trials: runs with noise for each batch.
    """
    noisy = with_noise(model.subgraphs[0], lambda op: any(claim(op)))
    with judge(noisy.model) as it:
        return [
            _answer(it, noisy, batch, claim, rounding, range(1000 * i, 1000 * i + trials))
            for i, batch in enumerate(batches)
        ]


def _answer(
    it: Runs,
    noisy: Noisy,
    batch: Sequence[np.ndarray],
    claim: Claim,
    rounding: float,
    seeds: Iterable[int],
) -> Answer:
    ends = [t.index for t in noisy.model.subgraphs[0].outputs]
    silence = [np.full(t.shape or (), t.zero_point, t.dtype) for t in noisy.sources]
    exact = it.run([*batch, *silence])
    largest = it.tensors([t.index for t in noisy.outputs])
    sizes = [_size(claim(op), largest[t.index]) for op, t in zip(noisy.ops, noisy.outputs, strict=True)]
    moved = []
    for seed in seeds if sizes or rounding else ():
        dice = Dice(seed)
        given = [_rounded(x, rounding, dice) for x in batch]
        noise = [_noise(s, size, dice) for s, size in zip(silence, sizes, strict=True)]
        moved.append(it.run([*given, *noise], ends))
    pairs = [[_distance(a, run[i]) for run in moved] for i, a in enumerate(exact)]
    least = [LEAST * _largest(a) if a.dtype.kind == "f" else 0.0 for a in exact]
    worst = [max((MORE * d.max(initial=0) for d in ds), default=0.0) for ds in pairs]
    mean = [max((MORE_MEAN * float(d.mean()) for d in ds if d.size), default=0.0) for ds in pairs]
    fits = not rounding or all(_largest(a) < LARGEST_HALF / MORE for a in largest.values())
    return Answer(tuple(exact), tuple(map(max, least, worst)), tuple(map(max, least, mean)), fits)


def _size(claimed: tuple[int, float], values: np.ndarray) -> float:
    return claimed[1] * _largest(values) if values.dtype.kind == "f" else claimed[0]


def _noise(silence: np.ndarray, size: float, dice: Dice) -> np.ndarray:
    """Return noise of a size: of integers the whole size up or down, or nothing."""
    if silence.dtype.kind == "f":
        return dice.floats(silence.shape, -size, size).astype(silence.dtype)
    noise: np.ndarray = silence + dice.integers(silence.shape, -1, 1) * int(size)
    return noise.astype(silence.dtype)


def _rounded(x: np.ndarray, rounding: float, dice: Dice) -> np.ndarray:
    if not rounding or x.dtype.kind != "f":
        return x
    found: np.ndarray = x * (1 + dice.floats(x.shape, -rounding, rounding))
    return found.astype(x.dtype)


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far values are apart; where only one is finite, infinitely."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    same = both | (x == y) | (np.isnan(x) & np.isnan(y))
    return np.where(both, np.abs(np.where(both, x, 0) - np.where(both, y, 0)), np.where(same, 0, np.inf))


def _largest(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max(initial=0))


def differences(ours: Sequence[np.ndarray], answer: Answer, slack: float = 1.0) -> dict[int, str]:
    """Return in words, by number of the output, what is further from the right answer than it may be.

    :param slack: times what is allowed.
    """
    found: dict[int, str] = {}
    if not answer.fits:
        return found
    rows = zip(ours, answer.outputs, answer.allowed, answer.mean, strict=False)  # of the first outputs
    for i, (a, b, allowed, mean) in enumerate(rows):
        if a.shape != b.shape or a.dtype != b.dtype:
            found[i] = f"{a.dtype}{list(a.shape)}, expected {b.dtype}{list(b.shape)}"
        elif a.size and ((off := _distance(a, b)).max() > slack * allowed or off.mean() > slack * mean):
            at = np.unravel_index(np.argmax(off), off.shape)
            found[i] = (
                f"{(off > 0).sum()} of {a.size} values differ, the worst at {list(map(int, at))}: {a[at]!r}"
                f", expected {b[at]!r}; off by {off.max():.4g}, {off.mean():.2g} on the average; "
                f"{allowed:.4g} and {mean:.2g} are allowed"
            )
    return found
