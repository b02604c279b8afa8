"""Put ops together to a model of their own, and mapped ops into one edgetpu-custom-op."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from delegraph import (
    Blocks,
    Graph,
    Model,
    Op,
    Quantization,
    Shape,
    Signature,
    Tensor,
    called_subgraphs,
    write_model,
)

from .custom_op import CUSTOM_OP
from .payload import Header, encoded


@frozen
class Subset:
    """Ops that become one custom op, and the tensors that cross its edge."""

    ops: tuple[Op, ...]  # in an order in which they can run
    inputs: tuple[Tensor, ...]  # computed outside, read inside; variables too, no constants
    outputs: tuple[Tensor, ...]  # computed inside, read outside


def subset(ops: Sequence[Op], graph: Graph, kept: Iterable[int] = ()) -> Subset:
    """Return some ops of a graph with their edge.

    :param kept: indices of tensors that are read after a run, besides the outputs of the graph.
    """
    inside = {op.index for op in ops}
    made = {t.index: t for op in ops for t in op.outputs}
    read = {t.index: t for op in ops for t in op.inputs if t is not None and _is_carried(t)}
    others = (op for op in graph.ops if op.index not in inside)
    wanted = {t.index for op in others for t in op.inputs if t is not None}
    wanted |= {t.index for t in graph.outputs} | set(kept)
    return Subset(
        tuple(ops),
        tuple(read[i] for i in sorted(read) if i not in made),
        tuple(made[i] for i in sorted(made) if i in wanted),
    )


def custom_op(part: Subset, source: Model, **about: Any) -> Op:
    """Return the op that runs a subset: its payload holds the ops as a model.

    :param about: what the payload's header says besides.
    """
    inside = _Assembly(source)
    arguments = [t for t in part.inputs if not t.is_variable]
    graph = inside.graph("edgetpu", part.ops, arguments, part.outputs)
    inputs = [inside.tensor(t).index for t in part.inputs]
    outputs = [inside.tensor(t).index for t in part.outputs]
    header = Header(ops=len(part.ops), inputs=inputs, outputs=outputs, **about)
    model = write_model(Model(subgraphs=(graph,), buffers=inside.buffers))
    return Op(
        part.ops[0].index,
        CUSTOM_OP,
        1,
        part.inputs,
        part.outputs,
        custom_options=encoded(header, model),
        has_options=False,
    )


def segment_of(
    source: Model, ops: Sequence[Op], inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> Model:
    """Return a model of some ops of the source's main subgraph, and custom ops made of them.

    Tensors are known to other segments by their names, so one whose name others have, too, gets a new one.
    Other subgraphs come along where an op calls one.

    :param ops: in an order in which they can run
    """
    assembly = _Assembly(source, distinct_names=True)
    main = assembly.graph(source.subgraphs[0].name, ops, inputs, outputs)
    others = assembly.others() if any(map(called_subgraphs, ops)) else []
    return Model((main, *others), buffers=assembly.buffers, description=source.description)


def model_of(
    source: Model, ops: Sequence[Op], inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> Model:
    """Return a model that takes the source's place, with these ops in its main subgraph.

    Signatures, metadata and other subgraphs stay; tensors that nothing reads are left out.

    :param ops: of the source's main subgraph and custom ops made of them, in an order in which they can run
    """
    assembly = _Assembly(source)
    main = assembly.graph(source.subgraphs[0].name, ops, inputs, outputs)
    signatures = tuple(assembly.signature(s) for s in source.signatures)
    main = attrs.evolve(main, tensors=assembly.tensors)  # signatures may name more
    others = assembly.others()
    metadata = [m for m in source.metadata if m.name not in _OF_TENSORS]
    metadata = [attrs.evolve(m, buffer=assembly.buffer(m.buffer)) for m in metadata]
    return Model(
        (main, *others),
        buffers=assembly.buffers,
        signatures=signatures,
        metadata=tuple(metadata),
        description=source.description,
        trailer=source.trailer,
    )


# Metadata that speak of tensors by their numbers: TFLite Micro's places in memory.
_OF_TENSORS = {"OfflineMemoryAllocation"}


class _Assembly:
    """Gives the tensors and buffers in use new numbers, in the order in which they are met."""

    def __init__(self, source: Model, distinct_names: bool = False) -> None:
        self._source = source
        self._file = source.subgraphs[0].tensors
        self._names = Counter(t.name for t in self._file) if distinct_names else Counter()
        self._tensors: dict[int, Tensor] = {}
        self._buffers: dict[int, int] = {0: 0}

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(self._tensors.values())

    @property
    def buffers(self) -> tuple[np.ndarray | None, ...]:
        return tuple(self._source.buffers[i] if i else None for i in self._buffers)

    def graph(
        self, name: str, ops: Iterable[Op], inputs: Iterable[Tensor], outputs: Iterable[Tensor]
    ) -> Graph:
        entries = tuple(map(self.tensor, inputs))
        moved = tuple(self._op(position, op) for position, op in enumerate(ops))
        exits = tuple(map(self.tensor, outputs))
        return Graph(name, self.tensors, moved, entries, exits)

    def tensor(self, tensor: Tensor) -> Tensor:
        """Return a tensor under its new number, with the shape that is known by now."""
        if tensor.index not in self._tensors:
            file = self._file[tensor.index]
            folded = tensor.is_constant and not file.is_constant
            shape = file.shape if tensor.shape is None else tensor.shape
            found = attrs.evolve(
                tensor,
                index=len(self._tensors),
                name=f"{tensor.name}:{tensor.index}" if self._names[tensor.name] > 1 else tensor.name,
                shape=shape,
                shape_signature=file.shape_signature if _fits(file.shape_signature, shape) else None,
                buffer=0 if folded or not tensor.is_constant else self.buffer(file.buffer),
            )
            self._tensors[tensor.index] = found
            if found.quantization is not None and found.quantization.blocks is not None:
                moved = self._with_scales(found.quantization, found.quantization.blocks)
                self._tensors[tensor.index] = attrs.evolve(found, quantization=moved)
        return self._tensors[tensor.index]

    def _with_scales(self, quantization: Quantization, blocks: Blocks) -> Quantization:
        """Return a quantization in blocks under the new numbers of the tensors that hold its scales."""
        points = None if blocks.zero_points is None else self.tensor(blocks.zero_points)
        moved = attrs.evolve(blocks, scales=self.tensor(blocks.scales), zero_points=points)
        return attrs.evolve(quantization, blocks=moved)

    def buffer(self, index: int) -> int:
        return self._buffers.setdefault(index, len(self._buffers))

    def signature(self, signature: Signature) -> Signature:
        if signature.subgraph:
            return signature
        return attrs.evolve(
            signature,
            inputs={name: self.tensor(self._file[i]).index for name, i in signature.inputs.items()},
            outputs={name: self.tensor(self._file[i]).index for name, i in signature.outputs.items()},
        )

    def others(self) -> list[Graph]:
        """Return the subgraphs behind the main one as they were, on the buffers' new numbers."""
        return [self._untouched(graph) for graph in self._source.subgraphs[1:]]

    def _untouched(self, graph: Graph) -> Graph:
        moved = {t.index: attrs.evolve(t, buffer=self.buffer(t.buffer)) for t in graph.tensors}

        def of(tensors: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(None if t is None else moved[t.index] for t in tensors)

        ops = [
            attrs.evolve(
                op, inputs=of(op.inputs), outputs=of(op.outputs), intermediates=of(op.intermediates)
            )
            for op in graph.ops
        ]
        return attrs.evolve(
            graph,
            tensors=tuple(moved.values()),
            ops=tuple(ops),
            inputs=of(graph.inputs),
            outputs=of(graph.outputs),
        )

    def _op(self, position: int, op: Op) -> Op:
        return attrs.evolve(
            op,
            index=position,
            inputs=tuple(None if t is None else self.tensor(t) for t in op.inputs),
            outputs=tuple(map(self.tensor, op.outputs)),
            intermediates=tuple(map(self.tensor, op.intermediates)),
            bodies=(),
        )


def _fits(signature: Shape, shape: Shape) -> bool:
    """Say whether a shape, found out by now, is one that the file's signature allows."""
    if signature is None or shape is None or len(signature) != len(shape):
        return False
    return all(free in (-1, size) for free, size in zip(signature, shape, strict=True))


def _is_carried(tensor: Tensor) -> bool:
    return tensor.is_variable or not tensor.is_constant
