"""The loop: steps of samples, epochs that are measured, and which of them is kept."""

from __future__ import annotations

import math
import os
import time
from typing import Any

import numpy as np
from attrs import define, field
from delegraph import InputError

from ..report.training import Epoch, TrainingHistory
from .augment import Augmentation
from .checkpoint import Checkpoint
from .constraints import ResumableConstraint
from .course import Course, Progress, Told
from .examples import LOOKED_AT, Examples
from .judged import Judged
from .module import TrainableModel
from .objective import Objective
from .optimizer import Steps, parameters_of
from .parallel import mean_of_all, shared
from .torch_extra import torch
from .wanted import OtherModel

SAVED_EVERY = 60.0  # seconds between checkpoints, besides those after each epoch
_FROZEN = 0.8  # of the steps: then what is observed stays as it is


def _tell_nobody(done: Progress) -> None:
    """Say nothing."""


@define(eq=False, slots=False)
class Training:
    """A training while it runs."""

    module: TrainableModel
    examples: Examples
    objective: Objective
    plan: Course
    told: dict[str, Any]
    checkpoint: str | os.PathLike[str] | None = None
    progress: Told = _tell_nobody
    rank: int = 0  # of this process among those that train together
    processes: int = 1
    first: OtherModel | None = None  # what epoch 0 is; None: what is trained, as it begins
    epochs: list[Epoch] = field(factory=list)
    kept_epoch: int = 0
    notes: list[str] = field(factory=list)
    step: int = 0
    teacher: OtherModel | None = None  # where it has to say what is wanted of each variant of a sample

    def prepare(self, wanted: list[Any]) -> None:
        """Find out what there is to train, and choose the samples that are held back.

        :param wanted: of each sample, with an axis of samples in front
        :raises InputError: there is nothing to train
        """
        count, self._wanted = len(self.examples), wanted
        self._tensors = [t.index for t in self.objective.tensors]
        self._held, self._trained = self.plan.split(count)
        rows = self.examples.rows(self._trained)
        self._augmentation = Augmentation.of(self.plan.augment, self.plan.seed, rows)
        self._per_epoch = -(-len(self._trained) // self.plan.batch)
        self._steps = self._per_epoch * self.plan.epochs
        self._check_trainable()
        self._optimizer = Steps(self.module, self.plan.lr, self._steps)
        self._kept: dict[str, Any] | None = None
        self._kept_judged: Judged | None = None
        self._moved_to = -1  # the step that constraints know of
        self._sums = [0.0, 0.0]
        self._began = time.monotonic()
        self._note()

    def go_on_from(self, found: Checkpoint) -> None:
        self.module.load_state_dict(found.module)
        self._optimizer.adam.load_state_dict(found.optimizer)
        self.step, self._sums = found.step, list(found.sums)
        self._kept, self.kept_epoch = found.kept, found.kept_epoch
        self._kept_judged = None if found.judged is None else Judged.of(found.judged)
        self.epochs = [Epoch.of(row) for row in found.history]
        self._start_constraints()
        for index, constraint in self._resumable.items():
            constraint.go_on_from(found.constraints[index])
        self._moved_to = found.moved_to

    def run(self) -> None:
        """Train to the end; the module has the weights of the kept epoch then."""
        self._shared = shared(self.module, self._loss, self.rank, self.processes, self._has_unused)
        if not self.epochs:
            self._close_epoch(0)
        saved = time.monotonic()
        while self.step < self._steps:
            self._train_step()
            if self.step % self._per_epoch == 0:
                self._close_epoch(self.step // self._per_epoch)
                saved = time.monotonic()
            elif time.monotonic() - saved > SAVED_EVERY:
                self.save()
                saved = time.monotonic()
        if self._kept is not None:
            self.module.load_state_dict(self._kept)
            self._start_constraints()
        self._move_constraints()
        self.module.eval()

    def history(self) -> TrainingHistory:
        """Return how it went."""
        metric = self.objective.metric
        return TrainingHistory(
            self.objective.name, metric, tuple(self.epochs), self.kept_epoch, tuple(self.notes)
        )

    def save(self) -> None:
        if self.checkpoint is None:
            return
        Checkpoint(
            self.told,
            self.step,
            self.module.state_dict(),
            self._optimizer.adam.state_dict(),
            self._kept,
            None if self._kept_judged is None else self._kept_judged.state,
            self.kept_epoch,
            self._sums,
            [e.row for e in self.epochs],
            {index: dict(c.state()) for index, c in self._resumable.items()},
            self._moved_to,
        ).save(self.checkpoint)

    def _train_step(self) -> None:
        epoch, at = divmod(self.step, self._per_epoch)
        order = np.random.default_rng([self.plan.seed, epoch]).permutation(self._trained)
        numbers = order[at * self.plan.batch : (at + 1) * self.plan.batch]
        self._move_constraints()
        self.module.train()
        self.module.observe(self.step < _FROZEN * self._steps)
        self._optimizer.begin(self.step)
        loss = self._shared(numbers)
        value = mean_of_all(float(loss.detach()), self.processes)
        self._check_finite(value)
        loss.backward()
        self._optimizer.adam.step()
        self.step += 1
        self._sums = [self._sums[0] + value * len(numbers), self._sums[1] + len(numbers)]
        self._tell(epoch + 1)

    def _loss(self, numbers: np.ndarray) -> Any:
        """Return the loss of samples as this epoch sees them."""
        epoch = self.step // self._per_epoch
        pairs = zip(self.examples.rows(numbers), numbers, strict=True)
        rows = [self._augmentation.variant(row, epoch, int(i)) for row, i in pairs]
        values = self.examples.values_of(self.module, rows, self._tensors)
        teacher = self.teacher
        wanted = self._wanted_of(numbers) if teacher is None else teacher.values_of(self.examples, rows)
        return self.objective.loss(values, wanted)

    def _values(self, numbers: np.ndarray) -> list[Any]:
        return self.examples.values(self.module, numbers, self._tensors)

    def _wanted_of(self, numbers: np.ndarray) -> list[Any]:
        return [w[torch.from_numpy(numbers)].flatten(0, 1) for w in self._wanted]

    def _check_finite(self, loss: float) -> None:
        if math.isfinite(loss):
            return
        kept = "" if self.checkpoint is None else f"; {os.fspath(self.checkpoint)!r} is as it was before"
        way = f"A smaller lr than {self.plan.lr:g} may help"
        if not self.step:  # nothing was trained yet
            way = "Samples or labels are too large, or the loss has no value for them"
        raise InputError(
            f"the loss became {loss} at step {self.step + 1} of {self._steps} (epoch "
            f"{self.step // self._per_epoch + 1}){kept}. {way}"
        )

    def _close_epoch(self, number: int) -> None:
        """Measure what the epoch came to, keep the weights if they are the best, and save."""
        loss = self._sums[0] / self._sums[1] if self._sums[1] else math.nan
        if self.rank:
            self.epochs.append(Epoch(number, loss, math.nan, math.nan, 0.0))
            self._sums = [0.0, 0.0]
            return
        if self.step in (0, self._steps):
            self._move_constraints()
        is_first = number == 0 and self.first is not None
        judges = self._held if len(self._held) else self._trained
        judged = self._judged(judges, self.first if is_first else None)
        if number and not math.isfinite(loss):
            self._check_finite(loss)
        counts = is_first or all(c.is_met() for c in self.module.constraints.values())
        if self._is_to_keep(judged, counts):
            self._keep(number, judged)
        held = judged.loss if len(self._held) else math.nan
        spent = time.monotonic() - self._began
        self.epochs.append(Epoch(number, loss, held, judged.metric, spent, counts))
        self._sums = [0.0, 0.0]
        self.save()

    def _is_to_keep(self, judged: Judged, counts: bool) -> bool:
        """Tell whether the weights come in place of those that are kept.

        The last epoch does unless another is surely better: it had the most steps, and among epochs that
        differ by less than the samples do, the best one is so by chance.
        """
        is_last = self.step == self._steps
        if self._kept_judged is None or not counts:
            return self._kept_judged is None and (counts or is_last)
        if is_last:
            return not self._kept_judged.is_surely_better_than(judged)
        return judged.is_better_than(self._kept_judged)

    def _keep(self, number: int, judged: Judged) -> None:
        """Keep the weights as constraints have them."""
        self._kept_judged, self.kept_epoch = judged, number
        self._kept = {k: v.clone() for k, v in self.module.state_dict().items()}
        self._kept |= self.module.constrained_state()

    @property
    def _resumable(self) -> dict[int, ResumableConstraint]:
        found = self.module.constraints.items()
        return {index: c for index, c in found if isinstance(c, ResumableConstraint)}

    def _start_constraints(self) -> None:
        trained = self.module.trained_values()
        for index, constraint in self.module.constraints.items():
            constraint.start(trained[index])
        self._moved_to = -1

    def _move_constraints(self) -> None:
        for constraint in self.module.constraints.values() if self._moved_to != self.step else ():
            constraint.step(self.step, self._steps)
        self._moved_to = self.step

    def _judged(self, numbers: np.ndarray, other: OtherModel | None) -> Judged:
        """Return what came of samples.

        :param other: what gives the outputs; None: what is trained
        """
        self.module.eval()
        losses, right = [], []
        with torch.no_grad():
            for begin in range(0, len(numbers), LOOKED_AT):
                some = numbers[begin : begin + LOOKED_AT]
                values = self._values(some) if other is None else other.values(self.examples, some)
                wanted = self._wanted_of(some)
                losses.append(self.objective.losses(values, wanted, len(some)).double().numpy())
                if self.objective.metric:
                    found = self.objective.right(values, wanted).double()
                    right.append(found.reshape(len(some), -1).mean(1).numpy())
        of_classes = np.concatenate(right) if right else np.empty(0)
        return Judged(np.concatenate(losses), of_classes, self.objective.metric == "top1")

    def _check_trainable(self) -> None:
        reasons = "; ".join(dict.fromkeys(str(k) for k in self.module.kept))
        if not parameters_of(self.module)[0]:
            told = f": {reasons}" if reasons else ""
            raise InputError(f"there is nothing to train: no op has weights with a gradient{told}")
        values = self._values(np.arange(1))
        if not any(v.requires_grad for v in values):
            told = f": {reasons}" if reasons else ""
            raise InputError(f"there is nothing to train: no gradient reaches weights{told}")
        sum(v.sum() for v in values if v.requires_grad).backward()
        self._has_unused = any(p.grad is None for p in self.module.parameters())
        self.module.zero_grad()

    def _tell(self, epoch: int) -> None:
        mean = self._sums[0] / self._sums[1]
        metric = self.epochs[-1].metric if self.objective.metric and self.epochs else None
        self.progress(
            Progress(self.step, self._steps, epoch, self.plan.epochs, mean, metric, self.objective.metric)
        )

    def _note(self) -> None:
        count = len(self.module.names)
        trained = sum(getattr(self.module, n).numel() for n in self.module.names)
        self.notes.append(f"trained: {count} tensors of {trained} values, on {len(self._trained)} samples")
        if len(self._held):
            self.notes.append(f"held back: {len(self._held)} samples")
        if self.plan.augment:
            self.notes.append(f"varied in each epoch: {', '.join(self.plan.augment)}")
        if self.module.norms:
            self.notes.append(f"batch normalization that lives: behind {len(self.module.norms)} ops")
        self.notes += [f"not trained: {kept}" for kept in self.module.kept]
        if not self.examples.together:
            self.notes.append(f"samples run one by one: {self.examples.why_apart}")
