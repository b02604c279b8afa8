"""What a delegate's table takes, asked op by op while a graph grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import Builder, Delegate, Graph, Op, Tensor

from .dice import Dice

_MOST_VERSIONS = 20  # of one row: some claim all that may ever come


class NotClaimed(Exception):
    """The delegate does not take an op that a move would add."""


@frozen(eq=False)
class Claims:
    """The ops that every one of some delegates takes: the one under test, and the one that judges."""

    delegates: tuple[Delegate, ...]

    def has(self, name: str) -> bool:
        return all(delegate.table.rows_of(name) for delegate in self.delegates)

    def version(
        self,
        name: str,
        inputs: Sequence[Tensor | None],
        outputs: Sequence[Tensor],
        options: Mapping[str, Any],
        folded: Mapping[int, np.ndarray],
        dice: Dice,
    ) -> int:
        """Return a version in which all of them take the op.

        :param folded: values of tensors that are constants by the time a delegate is asked.
        :raises NotClaimed: there is none.
        """
        for version in dice.shuffled(self._versions(name)):
            op, graph = _alone(name, inputs, outputs, {**options, "version": version}, folded)
            if all(delegate.decide(op, graph)[0] is not None for delegate in self.delegates):
                return version
        raise NotClaimed(name)

    def _versions(self, name: str) -> list[int]:
        ranges = [row.versions for row in self.delegates[0].table.rows_of(name)]
        some = [range(first, min(last, first + _MOST_VERSIONS) + 1) for first, last in ranges]
        return sorted({version for versions in some for version in versions})


def _alone(
    name: str,
    inputs: Sequence[Tensor | None],
    outputs: Sequence[Tensor],
    options: Mapping[str, Any],
    folded: Mapping[int, np.ndarray],
) -> tuple[Op, Graph]:
    """Return an op in a graph of its own."""
    builder, copies = Builder(), dict[int, Tensor]()

    def copied(tensor: Tensor) -> Tensor:
        if tensor.index not in copies:
            stored = stored_as(tensor)
            values = folded.get(tensor.index, tensor.data)
            shape = tensor.shape or ()
            if values is not None:
                copies[tensor.index] = builder.constant(values, tensor.dtype, **stored)
            elif tensor.is_variable:
                stored.pop("axis", None)
                copies[tensor.index] = builder.variable(shape, tensor.dtype, **stored)
            else:
                copies[tensor.index] = builder.input(shape, tensor.dtype, **stored)
        return copies[tensor.index]

    reads = [None if t is None else copied(t) for t in inputs]
    writes = [builder.tensor(t.shape or (), t.dtype, **stored_as(t)) for t in outputs]
    builder.op(name, reads, writes, **options)
    graph = builder.model(writes).subgraphs[0]
    return graph.ops[0], graph


def stored_as(tensor: Tensor) -> dict[str, Any]:
    """Return what a builder takes, to quantize another tensor in the same way."""
    q = tensor.quantization
    if q is None or not len(q.scale):
        return {}
    return {"scale": q.scale, "zero_point": q.zero_point, "axis": q.axis}
