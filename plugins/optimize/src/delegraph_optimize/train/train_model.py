"""``train(model, data)``: all of it, from samples to the file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from delegraph import InputError, Model, write_model

from ..bounds import model_of
from ..calibrate import Calibration, read_samples
from ..calibrate.samples import Sample, of_signature, place_of
from ..pipeline import Source, dequantize
from ..rules import Rule
from ..target import Target
from .checkpoint import Checkpoint
from .course import LR, LR_OF_FEW_BITS, Course, Told
from .examples import LOOKED_AT, Examples
from .exported import exported
from .history import Trained
from .loop import Training
from .made import CALIBRATED, Constraints, Making, made_trainable
from .memory import check_memory
from .module import TrainableModel
from .objective import LossFunction, Objective, objective_of
from .parallel import processes as in_processes
from .torch_extra import need_torch, torch
from .wanted import OtherModel, check_sizes, of_labels


def train(
    model: Source,
    data: Any,
    *,
    labels: Any = None,
    teacher: Source | None = None,
    first: Source | None = None,
    bits: tuple[int, int] | None = (8, 8),
    epochs: int = 3,
    batch: int = 32,
    lr: float | None = None,
    loss: str | LossFunction | None = None,
    augment: Sequence[str] = (),
    seed: int = 0,
    held_back: float = 0.1,
    ranges: str = "learned",
    live_norm: bool = False,
    rules: str | os.PathLike[str] | Iterable[Rule] | None = None,
    calibration: Calibration | str | os.PathLike[str] | None = None,
    method: str | None = None,
    effort: str = "normal",
    equalize: bool | None = None,
    target: Target | None = None,
    signature: str | None = None,
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
    :param first: a model of floats that is kept where no epoch is better; None: what training begins with
    :param bits: of weights and activations; None: the model stays one of floats
    :param epochs: how often all samples are gone through
    :param batch: samples of a step
    :param lr: how far weights go in a step of Adam, as a share of the size (root of the mean square) of
        those of their tensor; it rises over the first tenth of the steps, and falls to 0 along a cosine.
        None: 0.001 for weights of fewer than 8 bits, else 0.0002
    :param loss: ``distill``: what the model of floats gives; ``cross-entropy``; ``mse``;
        ``module:function`` or a function of (outputs, wanted), lists of torch tensors, that gives a number.
        None: cross-entropy with labels, distill without
    :param augment: how samples of images differ in each epoch, some of ``mirror``, ``crop`` (parts of at
        least half of the area, as large as the image) and ``colour`` (contrast and brightness); the teacher
        sees the same variants, labels stay
    :param seed: of the order of the samples, and of their variants
    :param held_back: share of the samples that is not trained on. They judge, by their class where labels
        say it, else by the loss: the last epoch is kept unless the best is better by more than the standard
        error of the samples' differences. Where none are, those trained on judge. Epoch 0 is the model
        before it is trained, as ``quantize`` would write it. Where constraints are not yet met, an epoch
        does not count
    :param live_norm: let batch normalization behind convolutions (MUL and ADD that ``quantize`` would fold
        into weights) have the statistics of each batch, but for the last fifth of the steps
    :param ranges: see :func:`trainable`, as for ``rules``, ``calibration``, ``method``, ``effort``,
        ``equalize``, ``target``, ``signature`` and ``constraints``
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
        lr = LR_OF_FEW_BITS if bits is not None and bits[0] < 8 else LR
    plan = Course(epochs, batch, lr, seed, held_back, tuple(augment))
    plan.check()
    if resume and checkpoint is None:
        raise InputError("resume needs the checkpoint to go on from")
    if first is not None and bits is not None:
        raise InputError("first is of a training in floats: it needs bits=None")
    if processes < 1 or processes > batch:
        raise InputError(f"processes need 1 to {batch}, the batch, found {processes}")
    given = model_of(model)
    how = Making(
        bits, rules, calibration, method, ranges, constraints or {}, seed, live_norm, effort, equalize,
        target, signature,
    )  # fmt: skip
    place_of(given, signature)
    some = list(read_samples(given, of_signature(data, signature), mean=mean, std=std, limit=samples))
    teaches, was = (None if m is None else model_of(m) for m in (teacher, first))
    work = TrainingTask(given, some, plan, how, loss, labels, teaches, was)
    run = work.prepared()
    check_memory(run.module, batch, processes * run.examples.nbytes)
    run.checkpoint, run.progress, run.processes = checkpoint, progress, processes
    begun = Checkpoint.load(checkpoint, run.told) if resume and checkpoint is not None else None
    along = attrs.evolve(work, how=_along(how, run.module))
    with in_processes(processes, work_along, along, processes, begun):
        if begun is not None:
            _go_on(run, begun, checkpoint)
        run.run()
    return _trained(run, work.first)


def _go_on(run: Training, begun: Checkpoint, path: str | os.PathLike[str] | None) -> None:
    """:raises InputError: what the checkpoint holds does not fit the model"""
    try:
        run.go_on_from(begun)
    except (RuntimeError, ValueError, KeyError, TypeError, IndexError, AttributeError) as e:
        raise InputError(f"the checkpoint {path!r} does not fit, or is damaged ({type(e).__name__})") from e


def _along(how: Making, module: TrainableModel) -> Making:
    """Return how other processes make the module: parameters are those of the first one."""
    return attrs.evolve(how, calibration=module.origin.calibration, effort="fast")


def _trained(run: Training, first: Model | None) -> Trained:
    first = None if run.kept_epoch else first
    made = exported(run.module, run.module.origin) if first is None else dequantize(first)
    fields = {a.name: getattr(made, a.name) for a in attrs.fields(type(made))}
    return Trained(**fields, history=run.history())


@frozen
class TrainingTask:
    """What is to be trained, on what and for what."""

    given: Model
    samples: list[Sample]
    plan: Course
    how: Making
    loss: str | LossFunction | None
    labels: Any
    teacher: Model | None  # None: the model that is given
    first: Model | None  # the same

    def prepared(self) -> Training:
        """Return a training that is about to begin."""
        torch.manual_seed(self.plan.seed)
        place = place_of(self.given, self.how.signature)
        own = [s for s in self.samples if place_of(self.given, s[0]) == place]
        shown = self.plan.shown(self.given, self.how.signature, self.samples)
        module = made_trainable(self.given, shown, self.how)
        objective, labels = objective_of(module.edges.graph, self.loss, self.labels)
        examples = Examples(self.given, module.edges.graph, own)
        check_memory(module, self.plan.batch, examples.nbytes)
        examples.try_together(module)
        if module.norms:
            module.begin_norms(lambda: _look(module, examples, objective))
        told = self._told(objective, labels)
        run = Training(module, examples, objective, self.plan, told)
        if self.first is not None:
            run.first = OtherModel.of(self.first, "first", objective, self.how)
        run.prepare(self._wanted(run, labels))
        return run

    def _wanted(self, run: Training, labels: np.ndarray | None) -> list[Any]:
        """Return what is wanted of each sample."""
        if labels is not None:
            return of_labels(labels, run.module, run.examples, run.objective)
        teacher = OtherModel.of(self.teacher or self.given, "teacher", run.objective, self.how)
        run.teacher = teacher if self.plan.augment else None
        wanted = teacher.given(run.examples)
        check_sizes(wanted, run.module, run.examples, run.objective)
        return wanted

    def _told(self, objective: Objective, labels: np.ndarray | None) -> dict[str, Any]:
        """Return what another training differs in."""
        how = self.how
        return {
            "model": _hash(write_model(self.given)),
            "teacher": "" if self.teacher is None else _hash(write_model(self.teacher)),
            "first": "" if self.first is None else _hash(write_model(self.first)),
            "data": _hash(*(v.tobytes() for _, values in self.samples for v in values.values())),
            "labels": "" if labels is None else _hash(labels.tobytes()),
            "bits": "floats" if how.bits is None else ",".join(map(str, how.bits)),
            **{name: getattr(how, name) for name in _NAMED},
            "loss": objective.name,
            "samples": len(self.samples),
            **attrs.asdict(self.plan),
        }


_NAMED = ("ranges", "live_norm", "method", "effort", "equalize", "signature")


def work_along(rank: int, work: TrainingTask, count: int, begun: Checkpoint | None) -> None:
    """Compute gradients beside the process that was called."""
    run = work.prepared()
    run.rank, run.processes = rank, count
    if begun is not None:
        run.go_on_from(begun)
    run.run()


def _hash(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _look(module: TrainableModel, examples: Examples, objective: Objective) -> None:
    """Compute what the model of floats gives for the first samples."""
    module.quantize(False)
    tensors: Sequence[int] = [t.index for t in objective.tensors]
    for begin in range(0, min(len(examples), CALIBRATED), LOOKED_AT):
        some = range(begin, min(begin + LOOKED_AT, len(examples)))
        examples.values(module, list(some), tensors)
    module.quantize()
