"""What a training is asked for, and how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen
from delegraph import InputError, Model

from ..calibrate.samples import ReadSamples, Sample, place_of
from .augment import check_images, check_names

LR, LR_OF_FEW_BITS = 2e-4, 1e-3
_FEW = 20  # samples: of fewer, none are held back


@frozen
class Progress:
    """How far a training is."""

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float  # of this epoch so far
    metric: float | None  # after the epoch before
    metric_name: str


Told = Callable[[Progress], None]


@frozen
class Course:
    """What a training is asked for."""

    epochs: int = 3
    batch: int = 32
    lr: float = LR
    seed: int = 0
    held_back: float = 0.1
    augment: tuple[str, ...] = ()

    def check(self) -> None:
        """:raises InputError: a number is none that makes sense"""
        for name, found, is_good, needs in (
            ("epochs", self.epochs, self.epochs >= 1, "1 or more"),
            ("batch", self.batch, self.batch >= 1, "1 or more"),
            ("lr", self.lr, 0 < self.lr < math.inf, "a number above 0"),
            ("held_back", self.held_back, 0 <= self.held_back < 1, "a share from 0 to less than 1"),
        ):
            if not is_good:
                raise InputError(f"{name} needs {needs}, found {found}")
        check_names(self.augment)

    def split(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which samples are held back, and which are trained on, both in order."""
        order = np.random.default_rng([self.seed, 1 << 20]).permutation(count)
        held = int(count * self.held_back) if count >= _FEW else 0
        return np.sort(order[:held]), np.sort(order[held:])

    def shown(self, model: Model, signature: str | None, samples: Sequence[Sample]) -> ReadSamples:
        """Return samples without those that are held back of the subgraph that is trained.

        :raises InputError: none is of that subgraph, or has images where these are to be varied
        """
        place = place_of(model, signature)
        own = [i for i, (key, _) in enumerate(samples) if place_of(model, key) == place]
        if samples and not own:
            trained = "the main subgraph" if signature is None else f"signature {signature!r}"
            others = ", ".join(dict.fromkeys(repr(key) for key, _ in samples))
            raise InputError(
                f"no samples of {trained}, which is to be trained, but of {others}; signature names another"
            )
        if self.augment and own:
            check_images(samples[own[0]][1].values())
        held = {own[i] for i in self.split(len(own))[0]}
        return ReadSamples(s for i, s in enumerate(samples) if i not in held)
