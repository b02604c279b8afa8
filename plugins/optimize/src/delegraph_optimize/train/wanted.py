"""What is wanted of each sample: what labels say, or what a teacher gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import InputError, Model, shape_text

from .examples import LOOKED_AT, Examples
from .made import Making, made_trainable
from .module import TrainableModel
from .objective import ComparedTensor, Objective, matching_tensors
from .torch_extra import torch


@frozen
class OtherModel:
    """Another model than the trained one, in floats, and its tensors that stand for an objective's."""

    module: TrainableModel
    tensors: tuple[ComparedTensor, ...]

    @classmethod
    def of(cls, model: Model, what: str, objective: Objective, how: Making) -> OtherModel:
        """:raises InputError: the model, which is to be ``what``, has other outputs"""
        module = made_trainable(model, None, Making(seed=how.seed, signature=how.signature))
        tensors = matching_tensors(module.edges.graph, objective)
        if tensors is None:
            raise InputError(f"{what} needs the outputs of the model, found others")
        module.eval()
        return cls(module, tensors)

    def given(self, examples: Examples) -> list[Any]:
        """Return what it gives for each sample, with an axis of samples in front."""
        found: list[list[Any]] = []
        for begin in range(0, len(examples), LOOKED_AT):
            some = range(begin, min(begin + LOOKED_AT, len(examples)))
            values = self.values(examples, some)
            found.append([v.reshape(len(some), -1, *v.shape[1:]) for v in values])
        return [torch.cat(parts) for parts in zip(*found, strict=True)]

    def values(self, examples: Examples, numbers: Iterable[int]) -> list[Any]:
        """Return what the tensors hold for some samples."""
        return self.values_of(examples, examples.rows(numbers))

    def values_of(self, examples: Examples, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Return what the tensors hold for inputs."""
        with torch.no_grad():
            return examples.values_of(self.module, rows, [t.index for t in self.tensors])


def check_sizes(
    wanted: list[Any], module: TrainableModel, examples: Examples, objective: Objective
) -> None:
    """:raises InputError: what a teacher gave has other sizes than the model's outputs"""
    with torch.no_grad():
        one = examples.values(module, [0], [t.index for t in objective.tensors])
    for value, shown in zip(one, wanted, strict=True):
        if value.shape[1:] != shown.shape[2:]:
            found, needs = shape_text(shown.shape[2:]), shape_text(value.shape[1:])
            raise InputError(f"teacher needs outputs of {needs}, found {found}")


def of_labels(
    labels: np.ndarray, module: TrainableModel, examples: Examples, objective: Objective
) -> list[Any]:
    """Return the labels of the samples, with an axis of samples in front.

    :raises InputError: there are fewer, or they do not fit
    """
    count = len(examples)
    if len(labels) < count:
        raise InputError(f"labels need an entry for each of {count} samples, found {len(labels)}")
    labels = np.ascontiguousarray(labels[:count])
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise InputError("labels need finite values, found NaN or an infinity")
    if objective.function is None:
        _check_fit(labels, module, examples, objective)
    given = torch.from_numpy(labels)
    return [given.reshape(count, -1) if given.dim() < 2 else given.unsqueeze(1)]


def _check_fit(
    labels: np.ndarray, module: TrainableModel, examples: Examples, objective: Objective
) -> None:
    """Check that there are so many numbers for each sample as the loss compares."""
    with torch.no_grad():
        one = examples.values(module, [0], [objective.tensors[0].index])[0]
    places = one.numel() // one.shape[-1] if objective.name == "cross-entropy" else one.numel()
    found = labels[0].size
    if found != places:
        what = "a class" if objective.name == "cross-entropy" else "a number"
        raise InputError(f"labels need {what} for each of {places} places of a sample, found {found}")
