"""What training makes smaller, and what it is measured by: a loss, and how often the class is right.

``distill`` needs no labels: outputs are to be those of the model of floats. Where an op gives probabilities
(SOFTMAX, LOGISTIC), what it reads is compared, by cross-entropy: 1/256 is coarse for a gradient.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import Graph, InputError, shape_text

from ..report.metric import checked_labels, function_of, read_labels
from .torch_extra import F, torch

LOSSES = ("distill", "cross-entropy", "mse")
_PROBABILITIES = ("SOFTMAX", "LOGISTIC")
LossFunction = Callable[[Sequence[Any], Any], Any]


@frozen
class ComparedTensor:
    """A tensor that a loss looks at."""

    index: int
    kind: str  # "SOFTMAX", "LOGISTIC": what makes probabilities of it; "" where it is an output itself
    beta: float = 1.0


@frozen
class Objective:
    """A loss, of tensors of the model and of what they are to be."""

    name: str
    tensors: tuple[ComparedTensor, ...]
    needs_teacher: bool
    metric: str  # "top1", "agreement", or "" where no output has classes
    function: LossFunction | None = None

    def loss(self, values: Sequence[Any], wanted: Sequence[Any]) -> Any:
        """Return the loss of a batch.

        :param values: of the tensors
        :param wanted: what they are to be: of the teacher, in the same order; or labels alone
        """
        if self.function is not None:
            return self.function(values, wanted[0] if not self.needs_teacher else wanted)
        return self.losses(values, wanted, 1).sum()

    def losses(self, values: Sequence[Any], wanted: Sequence[Any], count: int) -> Any:
        """Return the loss of each of ``count`` samples, whose mean is that of the batch.

        A function of one's own gives a number for the batch: then each sample has that.
        """
        if self.function is not None:
            return torch.as_tensor(self.loss(values, wanted)).reshape(1).expand(count)
        if self.name == "cross-entropy":
            scores = values[0].reshape(-1, values[0].shape[-1])
            return _means(F.cross_entropy(scores, wanted[0].reshape(-1), reduction="none"), count)
        if self.name == "mse":
            pairs = zip(values, wanted, strict=False)
            return sum(_means((v - w.reshape(v.shape)).square(), count) for v, w in pairs)
        compared = zip(self.tensors, values, wanted, strict=True)
        return sum(_means(_distances(t, value, teacher), count) for t, value, teacher in compared)

    def right(self, values: Sequence[Any], wanted: Sequence[Any]) -> Any:
        """Return for each place with classes whether the class is the wanted one."""
        place = self.place_of_classes
        found = values[place].argmax(-1)
        if self.metric == "top1":
            return found.reshape(-1) == wanted[0].reshape(-1)
        return (found == wanted[place].argmax(-1)).reshape(-1)

    @property
    def place_of_classes(self) -> int:
        return 0


def _means(losses: Any, count: int) -> Any:
    """Return the mean of each sample."""
    return losses.reshape(count, -1).mean(1)


def _distances(tensor: ComparedTensor, value: Any, teacher: Any) -> Any:
    """Return how far places are from the teacher's; 1 is as far as the teacher's mean, for most."""
    if tensor.kind == "SOFTMAX":
        wanted = torch.softmax(teacher * tensor.beta, -1)
        found = F.log_softmax(value * tensor.beta, -1)
        least = torch.log_softmax(teacher * tensor.beta, -1)
        return (wanted * (least - found)).sum(-1)
    if tensor.kind == "LOGISTIC":
        wanted = torch.sigmoid(teacher)
        least = F.binary_cross_entropy_with_logits(teacher, wanted, reduction="none")
        return F.binary_cross_entropy_with_logits(value, wanted, reduction="none") - least
    spread = (teacher - teacher.mean()).square().mean()
    return (value - teacher).square() / spread.clamp(min=1e-12)


def objective_of(
    graph: Graph, loss: str | LossFunction | None, labels: Any
) -> tuple[Objective, np.ndarray | None]:
    """Return what to train for, and what is wanted of each sample where labels say it.

    :param loss: one of ``LOSSES``, ``module:function``, ``file.py:function`` or a function; None:
        cross-entropy with labels, distill without
    :raises InputError: the loss is none of these, or needs labels and there are none
    """
    if loss is None:
        loss = "distill" if labels is None else "cross-entropy"
    outputs = [t for t in graph.outputs if t.dtype == "float32"]
    if not outputs:
        raise InputError("training needs an output of floats, found none")
    compared = tuple(_compared(graph, t.index) for t in outputs)
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "function")
    if name not in LOSSES or not isinstance(loss, str):
        function: LossFunction = (
            function_of(loss, "loss", LOSSES) if isinstance(loss, str) else loss  # type: ignore[assignment]
        )
        given = None if labels is None else _targets(labels)
        plain = tuple(ComparedTensor(t.index, "") for t in outputs)
        return Objective(name, plain, given is None, "", function), given
    if name == "distill":
        metric = "agreement" if _has_classes(outputs[0].shape) else ""
        return Objective(name, compared, True, metric), None
    if labels is None and name == "cross-entropy":
        raise InputError("loss cross-entropy needs labels: a class for each sample; without any: distill")
    if name == "cross-entropy":
        given = _classes(labels)
        if not _has_classes(outputs[0].shape):
            raise InputError(
                "loss cross-entropy needs an output with several values along its last axis, found "
                f"{shape_text(outputs[0].shape)}"
            )
        classes = (outputs[0].shape or (0,))[-1]
        if given.min(initial=0) < 0 or given.max(initial=0) >= classes:
            odd = given[(given < 0) | (given >= classes)][0]
            raise InputError(f"labels need classes from 0 to {classes - 1}, found {odd}")
        return Objective(name, compared[:1], False, "top1"), given
    plain = tuple(ComparedTensor(t.index, "") for t in outputs)
    return Objective(name, plain, labels is None, ""), None if labels is None else _targets(labels)


def matching_tensors(graph: Graph, objective: Objective) -> tuple[ComparedTensor, ...] | None:
    """Return the tensors of another graph that stand for those of an objective; None: there are others."""
    outputs = [t for t in graph.outputs if t.dtype == "float32"]
    if len(outputs) != len(objective.tensors):
        return None
    compared = [_compared(graph, t.index) for t in outputs]
    pairs = zip(compared, objective.tensors, outputs, strict=True)
    found = tuple(c if wanted.kind else ComparedTensor(t.index, "") for c, wanted, t in pairs)
    return found if all(c.kind == w.kind for c, w in zip(found, objective.tensors, strict=True)) else None


def _compared(graph: Graph, index: int) -> ComparedTensor:
    """Return an output, or what an op reads that makes probabilities of it."""
    made_by = next((op for op in graph.ops if any(t.index == index for t in op.outputs)), None)
    if made_by is None or made_by.name not in _PROBABILITIES or made_by.inputs[0] is None:
        return ComparedTensor(index, "")
    if made_by.inputs[0].is_constant:
        return ComparedTensor(index, "")
    return ComparedTensor(made_by.inputs[0].index, made_by.name, float(made_by.options.get("beta", 1.0)))


def _has_classes(shape: tuple[int, ...] | None) -> bool:
    return bool(shape) and shape[-1] > 1  # type: ignore[index]


def _classes(labels: Any) -> np.ndarray:
    return read_labels(labels) if isinstance(labels, (str, os.PathLike)) else checked_labels(labels)


def _targets(labels: Any) -> np.ndarray:
    """Return what is wanted of each sample: numbers, whatever their shape."""
    if not isinstance(labels, (str, os.PathLike)):
        found = np.asarray(labels)
    else:
        try:
            found = (
                np.load(labels, allow_pickle=False) if str(labels).endswith(".npy") else read_labels(labels)
            )
        except (OSError, ValueError, EOFError) as e:
            raise InputError(f"labels {os.fspath(labels)!r} cannot be read: {e}") from e
    if found.dtype.kind not in "fiub":
        raise InputError(f"labels need numbers, found {found.dtype}")
    return found.astype(np.float32) if found.dtype.kind == "f" else found.astype(np.int64)
