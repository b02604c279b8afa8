"""Samples as tensors: stacked where a batch runs as one, else each for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from delegraph import Graph, InputError, Model

from ..calibrate.samples import Sample, inputs_of
from .module import TrainableModel
from .torch_extra import torch

LOOKED_AT = 32  # samples that are computed at once where nothing is trained
_CLOSE = 1e-3  # of the largest value: sums of a batch are added up in another order


class Examples:
    """What a model is trained on: the inputs of each sample in the graph's order."""

    def __init__(self, model: Model, graph: Graph, samples: Iterable[Sample]) -> None:
        order = {t.index: place for place, t in enumerate(graph.inputs)}
        self.samples: list[list[Any]] = []
        places: list[int] | None = None
        for key, values in samples:
            if places is None:
                places = [order[t.index] for t in inputs_of(model, key).values()]
            row: list[Any] = [None] * len(order)
            for place, value in zip(places, values.values(), strict=True):
                row[place] = torch.from_numpy(np.array(value))
            self.samples.append(row)
        if not self.samples:
            raise InputError("training needs at least one sample, found none")
        self.together = False
        self.why_apart = ""

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def nbytes(self) -> int:
        return sum(x.numel() * x.element_size() for row in self.samples for x in row)

    def try_together(self, module: TrainableModel) -> None:
        """Find out whether the model computes a batch of two as it computes each of them."""
        some = self.samples[:2] if len(self.samples) > 1 else self.samples * 2
        module.quantize(False)
        try:
            with torch.no_grad():
                each = [module(*row) for row in some]
                both = module(*_stacked(some))
            for place, together in enumerate(both):
                apart = torch.cat([one[place] for one in each])
                largest = apart.abs().max().item() if apart.is_floating_point() else 0.0
                same = torch.allclose(
                    together.float(), apart.float(), rtol=1e-3, atol=_CLOSE * largest + 1e-7, equal_nan=True
                )
                if not same:
                    self.why_apart = "its ops mix the samples of a batch"
                    return
        except (RuntimeError, ValueError, IndexError, InputError) as e:
            self.why_apart = f"its ops take one sample at a time ({str(e).splitlines()[0][:120]})"
            return
        finally:
            module.quantize()
        self.together = True

    def values(self, module: Any, numbers: Iterable[int], wanted: Sequence[int]) -> list[Any]:
        """Return what a model's tensors hold for some samples."""
        return self.values_of(module, self.rows(numbers), wanted)

    def rows(self, numbers: Iterable[int]) -> list[list[Any]]:
        """Return the inputs of some samples."""
        return [self.samples[int(i)] for i in numbers]

    def values_of(self, module: Any, rows: Sequence[Sequence[Any]], wanted: Sequence[int]) -> list[Any]:
        """Return what a model's tensors hold for inputs, those of a batch behind each other."""
        if self.together:
            found: list[Any] = module.values(_stacked(rows), wanted)
            return found
        each = [module.values(row, wanted) for row in rows]
        return [torch.cat([_with_axis(v) for v in values]) for values in zip(*each, strict=True)]


def _stacked(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [torch.cat(values) for values in zip(*rows, strict=True)]


def _with_axis(value: Any) -> Any:
    return value if value.dim() else value.reshape(1)
