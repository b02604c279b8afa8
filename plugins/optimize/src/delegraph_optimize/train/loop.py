"""``train(model, data)``: the loop."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import define, field, frozen
from delegraph import InputError, Model, shape_text, write_model

from ..bounds import model_of
from ..calibrate import Calibration, read_samples
from ..calibrate.samples import Sample
from ..pipeline import Source
from ..rules import Rule
from .checkpoint import Checkpoint
from .examples import Examples
from .exported import exported
from .history import Epoch, Trained
from .made import CALIBRATED, Constraints, made_trainable
from .memory import check_memory
from .module import TrainableModel
from .objective import ComparedTensor, LossFunction, Objective, objective_of
from .parallel import mean_of_all, shared
from .parallel import processes as in_processes
from .torch_extra import need_torch, torch

SAVED_EVERY = 60.0  # seconds between checkpoints, besides those after each epoch
_FROZEN = 0.8  # of the steps: then what is observed stays as it is
_LR, _LR_OF_FEW_BITS = 2e-4, 1e-3
_WARM = 0.1  # of the steps: then the learning rate is what was asked for
_FEW = 20  # samples: of fewer, none are held back
_LOOKED_AT = 32  # samples that are computed at once where nothing is trained


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
    lr: float = _LR
    seed: int = 0
    held_back: float = 0.1

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


def train(
    model: Source,
    data: Any,
    *,
    labels: Any = None,
    teacher: Source | None = None,
    bits: tuple[int, int] | None = (8, 8),
    epochs: int = 3,
    batch: int = 32,
    lr: float | None = None,
    loss: str | LossFunction | None = None,
    seed: int = 0,
    held_back: float = 0.1,
    ranges: str = "learned",
    live_norm: bool = False,
    rules: str | os.PathLike[str] | Iterable[Rule] | None = None,
    calibration: Calibration | str | os.PathLike[str] | None = None,
    method: str | None = None,
    constraints: Constraints | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    samples: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    processes: int = 1,
    progress: Told = lambda done: None,
) -> Trained:
    """Return a trained model: quantized, or of floats.

    :param model: a model of floats, or a quantized one: its float view is trained then
    :param data: samples, as :func:`delegraph_optimize.quantize` takes them
    :param labels: what is wanted of each sample: classes for cross-entropy, numbers for mse; a file, too
    :param teacher: a model of floats with the same inputs and outputs: what it gives is wanted where there
        are no labels; None: what the model itself gives before it is trained
    :param bits: of weights and activations; None: the model stays one of floats
    :param epochs: how often all samples are gone through
    :param batch: samples of a step
    :param lr: how far weights go in a step of Adam, as a share of the size (root of the mean square) of
        those of their tensor; it rises over the first tenth of the steps, and falls to 0 along a cosine.
        None: 0.001 for weights of fewer than 8 bits, else 0.0002
    :param loss: ``distill``: what the model of floats gives; ``cross-entropy``; ``mse``;
        ``module:function`` or a function of (outputs, wanted), lists of torch tensors, that gives a number.
        None: cross-entropy with labels, distill without
    :param seed: of the order of the samples
    :param held_back: share of the samples that is not trained on: the epoch that is best on them is kept
    :param live_norm: let batch normalization behind convolutions (MUL and ADD that ``quantize`` would fold
        into weights) have the statistics of each batch, but for the last fifth of the steps
    :param ranges: see :func:`trainable`, as for ``rules``, ``calibration``, ``method`` and ``constraints``
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std
    :param samples: use so many at most
    :param checkpoint: a file that is written after each epoch, and once a minute
    :param resume: go on from the checkpoint
    :param processes: that share each batch; a program that asks for several has to have its calls behind
        ``if __name__ == "__main__":``, and functions and constraints that can be pickled
    :param progress: called after each step
    :raises InputError: an argument is none of these, memory does not suffice, there is nothing to train, or
        the loss is no finite number any more: the checkpoint before is kept
    """
    need_torch()
    if lr is None:
        lr = _LR_OF_FEW_BITS if bits is not None and bits[0] < 8 else _LR
    plan = Course(epochs, batch, lr, seed, held_back)
    plan.check()
    if resume and checkpoint is None:
        raise InputError("resume needs the checkpoint to go on from")
    given = model_of(model)
    if processes < 1 or processes > batch:
        raise InputError(f"processes need 1 to {batch}, the batch, found {processes}")
    some = list(read_samples(given, data, mean=mean, std=std, limit=samples))
    how: dict[str, Any] = {
        "bits": bits,
        "ranges": ranges,
        "live_norm": live_norm,
        "rules": rules,
        "method": method,
    }
    shown = None if teacher is None else model_of(teacher)
    how["calibration"] = calibration
    run = _prepared(given, some, plan, loss, labels, constraints, how, shown)
    check_memory(run.module, batch, processes * run.examples.nbytes)
    run.checkpoint, run.progress, run.processes = checkpoint, progress, processes
    begun = Checkpoint.load(checkpoint, run.told) if resume and checkpoint is not None else None
    how["calibration"] = run.module.origin.calibration
    others = (given, some, plan, loss, labels, constraints, how, shown, processes, begun)
    with in_processes(processes, work_along, *others):
        if begun is not None:
            run.go_on_from(begun)
        run.run()
    module, objective = run.module, run.objective
    made = exported(module, module.origin)
    fields = {a.name: getattr(made, a.name) for a in attrs.fields(type(made))}
    return Trained(
        **fields,
        loss=objective.name,
        metric=objective.metric,
        epochs=tuple(run.history),
        kept_epoch=run.best_epoch,
        notes=tuple(run.notes),
    )


def _prepared(
    given: Model,
    some: list[Sample],
    plan: Course,
    loss: str | LossFunction | None,
    labels: Any,
    constraints: Constraints | None,
    how: dict[str, Any],
    teacher: Model | None,
) -> Training:
    """Return a training that is about to begin.

    :param how: the arguments of :func:`train` about the module
    """
    torch.manual_seed(plan.seed)
    module = made_trainable(given, some, constraints=constraints or {}, seed=plan.seed, **how)
    objective, wanted = objective_of(module.edges.graph, loss, labels)
    examples = Examples(given, module.edges.graph, some)
    check_memory(module, plan.batch, examples.nbytes)
    examples.try_together(module)
    told = _told(given, teacher, plan, how, objective, len(examples))
    if module.norms:
        module.begin_norms(lambda: _look(module, examples, objective))
    run = Training(module, examples, objective, plan, told)
    if teacher is not None:
        run.teacher = _shown_by(teacher, objective, plan.seed)
    run.prepare(wanted)
    return run


def work_along(
    rank: int,
    given: Model,
    some: list[Sample],
    plan: Course,
    loss: str | LossFunction | None,
    labels: Any,
    constraints: Constraints | None,
    how: dict[str, Any],
    teacher: Model | None,
    count: int,
    begun: Checkpoint | None,
) -> None:
    """Compute gradients beside the process that was called."""
    run = _prepared(given, some, plan, loss, labels, constraints, how, teacher)
    run.rank, run.processes = rank, count
    if begun is not None:
        run.go_on_from(begun)
    run.run()


def _shown_by(
    teacher: Model, objective: Objective, seed: int
) -> tuple[TrainableModel, list[ComparedTensor]]:
    """Return a teacher, and its tensors that stand for those of an objective.

    :raises InputError: it has others
    """
    module = made_trainable(teacher, None, None, None, None, None, "learned", {}, seed)
    tensors = objective_of(module.edges.graph, None, None)[0].tensors
    if [t.kind for t in tensors] != [t.kind for t in objective.tensors]:
        raise InputError("teacher needs the outputs of the model, found others")
    return module, list(tensors)


def _told(
    given: Model,
    teacher: Model | None,
    plan: Course,
    how: dict[str, Any],
    objective: Objective,
    count: int,
) -> dict[str, Any]:
    """Return what another training differs in."""
    return {
        "model": _hash(given),
        "teacher": "" if teacher is None else _hash(teacher),
        "bits": "floats" if how["bits"] is None else ",".join(map(str, how["bits"])),
        "ranges": how["ranges"],
        "live_norm": how["live_norm"],
        "loss": objective.name,
        "samples": count,
        **attrs.asdict(plan),
    }


def _hash(model: Model) -> str:
    return hashlib.sha256(write_model(model)).hexdigest()


def _look(module: TrainableModel, examples: Examples, objective: Objective) -> None:
    """Compute what the model of floats gives for the first samples."""
    module.quantize(False)
    tensors = [t.index for t in objective.tensors]
    for begin in range(0, min(len(examples), CALIBRATED), _LOOKED_AT):
        some = range(begin, min(begin + _LOOKED_AT, len(examples)))
        examples.values(module, list(some), tensors)
    module.quantize()


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
    teacher: tuple[TrainableModel, list[ComparedTensor]] | None = None  # None: the module itself
    rank: int = 0  # of this process among those that train together
    processes: int = 1
    history: list[Epoch] = field(factory=list)
    best_epoch: int = 0
    notes: list[str] = field(factory=list)
    step: int = 0

    def prepare(self, wanted: np.ndarray | None) -> None:
        """Find out what is wanted of each sample, and what there is to train.

        :raises InputError: nothing is, or labels do not fit the samples
        """
        count, module = len(self.examples), self.module
        self._tensors = [t.index for t in self.objective.tensors]
        self._wanted = self._labels(wanted) if wanted is not None else self._of_teacher()
        order = np.random.default_rng([self.plan.seed, 1 << 20]).permutation(count)
        held = int(count * self.plan.held_back) if count >= _FEW else 0
        self._held, self._trained = np.sort(order[:held]), np.sort(order[held:])
        self._per_epoch = -(-len(self._trained) // self.plan.batch)
        self._steps = self._per_epoch * self.plan.epochs
        weights, scales = _parameters(module)
        self._check_trainable(weights)
        groups: list[dict[str, Any]] = [
            {"params": [w], "lr": self.plan.lr * size} for w, size in _sizes(weights)
        ]
        groups += [{"params": scales, "lr": self.plan.lr}] if scales else []
        self._lrs = [group["lr"] for group in groups]
        self._optimizer = torch.optim.Adam(groups)
        self._best: dict[str, Any] | None = None
        self._best_loss = math.inf
        self._sums = [0.0, 0.0]
        self._began = time.monotonic()
        self._note()

    def go_on_from(self, found: Checkpoint) -> None:
        self.module.load_state_dict(found.module)
        self._optimizer.load_state_dict(found.optimizer)
        self.step, self._best, self._best_loss = found.step, found.best, found.best_loss
        self._sums = list(found.sums)
        self.history = [Epoch.of(row) for row in found.history]
        losses = [e.held_loss for e in self.history]
        place = len(losses) - 1 if self._best is None else losses.index(self._best_loss)
        self.best_epoch = self.history[place].number
        trained = self.module.trained_values()
        for index, constraint in self.module.constraints.items():
            constraint.start(trained[index])

    def run(self) -> None:
        """Train to the end; the module has the weights of the best epoch then."""
        self._shared = shared(self.module, self._loss, self.rank, self.processes, self._has_unused)
        if not self.history:
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
        for constraint in self.module.constraints.values():
            constraint.step(self._steps, self._steps)
        if self._best is not None:
            self.module.load_state_dict(self._best)
        self.module.eval()

    def save(self) -> None:
        if self.checkpoint is None:
            return
        Checkpoint(
            self.told,
            self.step,
            self.module.state_dict(),
            self._optimizer.state_dict(),
            self._best,
            self._best_loss,
            self._sums,
            [e.row for e in self.history],
        ).save(self.checkpoint)

    def _train_step(self) -> None:
        epoch, at = divmod(self.step, self._per_epoch)
        order = np.random.default_rng([self.plan.seed, epoch]).permutation(self._trained)
        numbers = order[at * self.plan.batch : (at + 1) * self.plan.batch]
        for constraint in self.module.constraints.values():
            constraint.step(self.step, self._steps)
        self.module.train()
        self.module.observe(self.step < _FROZEN * self._steps)
        for group, base in zip(self._optimizer.param_groups, self._lrs, strict=True):
            group["lr"] = base * self._share(self.step)
        self._optimizer.zero_grad()
        loss = self._shared(numbers)
        value = mean_of_all(float(loss.detach()), self.processes)
        self._check_finite(value)
        loss.backward()
        self._optimizer.step()
        self.step += 1
        self._sums = [self._sums[0] + value * len(numbers), self._sums[1] + len(numbers)]
        self._tell(epoch + 1)

    def _loss(self, numbers: np.ndarray) -> Any:
        values = self.examples.values(self.module, [int(i) for i in numbers], self._tensors)
        return self.objective.loss(values, self._wanted_of(numbers))

    def _wanted_of(self, numbers: np.ndarray) -> list[Any]:
        return [w[torch.from_numpy(numbers)].flatten(0, 1) for w in self._wanted]

    def _check_finite(self, loss: float) -> None:
        if math.isfinite(loss):
            return
        kept = "" if self.checkpoint is None else f"; {os.fspath(self.checkpoint)!r} is as it was before"
        raise InputError(
            f"the loss became {loss} at step {self.step + 1} of {self._steps} (epoch "
            f"{self.step // self._per_epoch + 1}){kept}. A smaller lr than {self.plan.lr:g} may help"
        )

    def _close_epoch(self, number: int) -> None:
        """Measure what the epoch came to, keep the weights if they are the best, and save."""
        loss = self._sums[0] / self._sums[1] if self._sums[1] else math.nan
        if self.rank:
            self.history.append(Epoch(number, loss, math.nan, math.nan, 0.0))
            self._sums = [0.0, 0.0]
            return
        held, metric = self._measured(self._held if len(self._held) else self._trained)
        held = held if len(self._held) else math.nan
        if number and not math.isfinite(loss):
            self._check_finite(loss)
        # Constraints may still have been loose in the epoch of the lowest loss: then the last one counts.
        chooses = len(self._held) > 0 and not self.module.constraints
        if not chooses or held < self._best_loss:
            self._best_loss, self.best_epoch = held, number
            self._best = {k: v.clone() for k, v in self.module.state_dict().items()} if chooses else None
        self.history.append(Epoch(number, loss, held, metric, time.monotonic() - self._began))
        self._sums = [0.0, 0.0]
        self.save()

    def _measured(self, numbers: np.ndarray) -> tuple[float, float]:
        """Return the loss of samples, and how often their class is the wanted one."""
        self.module.eval()
        total, right, places = 0.0, 0, 0
        with torch.no_grad():
            for begin in range(0, len(numbers), _LOOKED_AT):
                some = numbers[begin : begin + _LOOKED_AT]
                values = self.examples.values(self.module, [int(i) for i in some], self._tensors)
                wanted = self._wanted_of(some)
                total += float(self.objective.loss(values, wanted)) * len(some)
                if self.objective.metric:
                    found = self.objective.right(values, wanted)
                    right, places = right + int(found.sum()), places + found.numel()
        return total / max(len(numbers), 1), right / places if places else math.nan

    def _of_teacher(self) -> list[Any]:
        """Return what the model of floats gives for each sample, with an axis of samples in front.

        :raises InputError: the teacher's outputs have other sizes
        """
        module, tensors = self.teacher or (self.module, self.objective.tensors)
        numbers = [t.index for t in tensors]
        module.quantize(False)
        module.eval()
        found: list[list[Any]] = []
        with torch.no_grad():
            for begin in range(0, len(self.examples), _LOOKED_AT):
                some = range(begin, min(begin + _LOOKED_AT, len(self.examples)))
                values = self.examples.values(module, list(some), numbers)
                found.append([v.reshape(len(some), -1, *v.shape[1:]) for v in values])
            if self.teacher is not None:
                self._check_sizes(values)
        module.quantize()
        return [torch.cat(parts) for parts in zip(*found, strict=True)]

    def _check_sizes(self, shown: Sequence[Any]) -> None:
        """Check that a teacher's values have the sizes of the model's."""
        one = self.examples.values(self.module, [0], self._tensors)
        for value, wanted in zip(one, shown, strict=True):
            if value.shape[1:] != wanted.shape[1:]:
                found = shape_text(wanted.shape[1:])
                raise InputError(f"teacher needs outputs of {shape_text(value.shape[1:])}, found {found}")

    def _labels(self, wanted: np.ndarray) -> list[Any]:
        if len(wanted) < len(self.examples):
            raise InputError(
                f"labels need an entry for each of {len(self.examples)} samples, found {len(wanted)}"
            )
        given = torch.from_numpy(np.ascontiguousarray(wanted[: len(self.examples)]))
        return [given.reshape(len(given), -1) if given.dim() < 2 else given.unsqueeze(1)]

    def _check_trainable(self, weights: Sequence[Any]) -> None:
        reasons = "; ".join(dict.fromkeys(str(k) for k in self.module.kept))
        if not weights:
            told = f": {reasons}" if reasons else ""
            raise InputError(f"there is nothing to train: no op has weights with a gradient{told}")
        values = self.examples.values(self.module, [0], self._tensors)
        if not any(v.requires_grad for v in values):
            told = f": {reasons}" if reasons else ""
            raise InputError(f"there is nothing to train: no gradient reaches weights{told}")
        sum(v.sum() for v in values if v.requires_grad).backward()
        self._has_unused = any(p.grad is None for p in self.module.parameters())
        self.module.zero_grad()

    def _share(self, step: int) -> float:
        """Return the share of the learning rate: it rises over the first steps, then falls to 0."""
        warm = min((step + 1) / (_WARM * self._steps), 1.0)
        return warm * 0.5 * (1 + math.cos(math.pi * step / self._steps))

    def _tell(self, epoch: int) -> None:
        mean = self._sums[0] / self._sums[1]
        metric = self.history[-1].metric if self.objective.metric and self.history else None
        self.progress(
            Progress(self.step, self._steps, epoch, self.plan.epochs, mean, metric, self.objective.metric)
        )

    def _note(self) -> None:
        count = len(self.module.names)
        trained = sum(getattr(self.module, n).numel() for n in self.module.names)
        self.notes.append(f"trained: {count} tensors of {trained} values, on {len(self._trained)} samples")
        if len(self._held):
            self.notes.append(f"held back: {len(self._held)} samples")
        if self.module.norms:
            self.notes.append(f"batch normalization that lives: behind {len(self.module.norms)} ops")
        self.notes += [f"not trained: {kept}" for kept in self.module.kept]
        if not self.examples.together:
            self.notes.append(f"samples run one by one: {self.examples.why_apart}")


def _parameters(module: TrainableModel) -> tuple[list[Any], list[Any]]:
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
