"""Copies of a model with other ops: joined with other models, cut down, with noise between its ops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import Builder, Graph, Model, Op, Tensor

from .claims import stored_as

# after(builder, op, output): what everybody reads in place of an op's output.
After = Callable[[Builder, Op, Tensor], Tensor]


class Copier:
    """Adds ops of a graph to a builder, with the tensors that they need."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.tensors: dict[int, Tensor] = {}  # the copies, by index of the tensor

    def input(self, tensor: Tensor) -> Tensor:
        made = self.builder.input(tensor.shape or (), tensor.dtype, **stored_as(tensor))
        self.tensors[tensor.index] = made
        return made

    def op(self, op: Op, after: After | None = None, **options: Any) -> None:
        """Add an op; what it reads was added before, or is a constant.

        :param options: other ones than the op's.
        """
        reads = [None if t is None else self._read(t) for t in op.inputs]
        writes = [self.builder.tensor(t.shape or (), t.dtype, **stored_as(t)) for t in op.outputs]
        self.builder.op(op.name, reads, writes, version=op.version, **{**_options(op), **options})
        for old, new in zip(op.outputs, writes, strict=True):
            self.tensors[old.index] = new if after is None else after(self.builder, op, new)

    def _read(self, tensor: Tensor) -> Tensor:
        if tensor.index not in self.tensors:
            assert tensor.data is not None, f"nobody computes {tensor.name}"
            self.tensors[tensor.index] = self.builder.constant(
                tensor.data, tensor.dtype, **stored_as(tensor)
            )
        return self.tensors[tensor.index]


def joined(models: Sequence[Model]) -> Model:
    """Return one model that computes several side by side: inputs and outputs in the models' order."""
    builder, outputs = Builder(), []
    for model in models:
        graph, copier = model.subgraphs[0], Copier(builder)
        for tensor in graph.inputs:
            copier.input(tensor)
        for op in graph.ops:
            copier.op(op)
        outputs += [copier.tensors[t.index] for t in graph.outputs]
    return builder.model(outputs)


def part(
    graph: Graph, ops: Iterable[Op], outputs: Sequence[Tensor], values: Mapping[int, np.ndarray]
) -> tuple[Model, list[np.ndarray]]:
    """Return a model of some of a graph's ops, and its inputs: ``values`` of all that these ops lack."""
    builder, chosen = Builder(), list(ops)
    copier, given = Copier(builder), []
    written = {t.index for op in chosen for t in op.outputs}
    reads = [t for op in chosen for t in op.inputs if t is not None] + list(outputs)
    for tensor in {t.index: t for t in reads if t.index not in written and not t.is_constant}.values():
        copier.input(tensor)
        given.append(values[tensor.index])
    for op in chosen:
        copier.op(op)
    return builder.model([copier.tensors[t.index] for t in outputs]), given


@frozen(eq=False)
class Noisy:
    """A model with noise: to what some ops compute, an input of its own is added."""

    model: Model  # its inputs are the graph's, then ``sources``
    ops: tuple[Op, ...]  # of the graph
    outputs: tuple[Tensor, ...]  # what each of them computes, before the noise
    sources: tuple[Tensor, ...]


def with_noise(graph: Graph, wanted: Callable[[Op], bool]) -> Noisy:
    """Return a graph with noise added to the outputs of the ops that are wanted."""
    noisy: list[tuple[Op, Tensor, Tensor]] = []

    def after(builder: Builder, op: Op, output: Tensor) -> Tensor:
        if output.dtype not in ("float32", "int8", "uint8", "int16") or not wanted(op):
            return output
        stored = stored_as(output)
        source = builder.input(output.shape or (), output.dtype, **stored)
        noisy.append((op, output, source))
        sum_ = builder.tensor(output.shape or (), output.dtype, **stored)
        options: dict[str, Any] = {"pot_scale_int16": False} if output.dtype == "int16" else {}
        builder.op("ADD", [output, source], [sum_], **options)
        return sum_

    builder = Builder()
    copier = Copier(builder)
    for tensor in graph.inputs:
        copier.input(tensor)
    for op in graph.ops:
        copier.op(op, after)
    model = builder.model([copier.tensors[t.index] for t in graph.outputs])
    return Noisy(
        model, *(tuple(column) for column in (zip(*noisy, strict=True) if noisy else ((), (), ())))
    )


def _options(op: Op) -> dict[str, Any]:
    return {name: value for name, value in op.options if value is not None}
