"""Ops of a subgraph as a model of their own: with what they read, write and call, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..values import evolve
from .graph import Blocks, Graph, Model, Op, OperatorCode, Record, Tensor
from .op_codes import op_name, operator_code
from .subgraph_calls import called_fields
from .tensor_bytes import holds, stored_bytes


def part_of_model(
    whole: Model,
    ops: Sequence[Op],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    name: str = "",
) -> Model:
    """Return the model of some ops.

    :param whole: the model that they are of: what they call, and the bytes of their constants, are there.
    :param inputs: computed outside; those that are variables stay state. They are the first tensors.
    :raises InputError: an op calls a subgraph that ``whole`` does not have
    """
    part = _Excerpt(whole)
    given = [t for t in inputs if not t.is_variable]
    graphs = [part.graph(Graph(name, (), tuple(ops), tuple(given), tuple(outputs)), first=inputs)]
    for index in part.called:  # it grows while they are copied
        graphs.append(part.graph(evolve(whole.subgraphs[index], index=len(graphs))))
    external = any(t.external_buffer for g in graphs for t in g.tensors)
    return Model(
        subgraphs=tuple(graphs),
        operator_codes=tuple(part.codes),
        buffers=tuple(part.buffers),
        version=whole.version,
        external_buffer_groups=whole.external_buffer_groups if external else (),
        external_buffers=whole.external_buffers if external else (),
        source=whole.source,
    )


class _Excerpt:
    """What the subgraphs of the part share."""

    def __init__(self, whole: Model) -> None:
        self.whole = whole
        self.codes: list[OperatorCode] = []
        self.buffers: list[np.ndarray | None] = [None]
        self.called: list[int] = []  # subgraphs of the whole: those of the part from 1 on
        self._buffer_of: dict[Any, int] = {}

    def graph(self, graph: Graph, first: Sequence[Tensor] = ()) -> Graph:
        """Return a subgraph with new numbers for its tensors and ops, and for what they name."""
        tensors = self._tensors(_numbered(graph, first))
        return evolve(
            graph,
            tensors=tuple(tensors.values()),
            ops=tuple(self._op(i, op, tensors) for i, op in enumerate(graph.ops)),
            inputs=tuple(tensors[t.index] for t in graph.inputs),
            outputs=tuple(tensors[t.index] for t in graph.outputs),
            debug_metadata_index=-1,  # of metadata that the part does not have
            folded=(),
            merged=(),
        )

    def _tensors(self, numbered: Sequence[Tensor]) -> dict[int, Tensor]:
        """Return the tensors of the part, in their order, by their index in the whole."""
        made = {t.index: self._tensor(i, t) for i, t in enumerate(_named(numbered))}
        for t in numbered:
            if t.quantization is not None and (blocks := t.quantization.blocks) is not None:
                changed = evolve(t.quantization, blocks=_renumbered(blocks, made))
                made[t.index] = evolve(made[t.index], quantization=changed)
        return made

    def _tensor(self, index: int, t: Tensor) -> Tensor:
        return evolve(t, index=index, buffer=self._buffer(t), **_shape_in_file(t))

    def _buffer(self, t: Tensor) -> int:
        """Return the index of the buffer with the tensor's values: that of the whole, if it has them."""
        if not t.is_constant:
            return 0
        data = t.data
        assert data is not None
        stored = self.whole.buffers[t.buffer] if t.buffer < len(self.whole.buffers) else None
        key: Any = t.buffer
        if stored is None or not holds(stored, t.dtype, data):
            stored, key = None, (id(data), t.dtype)
        if key not in self._buffer_of:
            self._buffer_of[key] = len(self.buffers)
            self.buffers.append(stored_bytes(data, t.dtype) if stored is None else stored)
        return self._buffer_of[key]

    def _op(self, index: int, op: Op, tensors: dict[int, Tensor]) -> Op:
        return evolve(
            op,
            index=index,
            inputs=tuple(None if t is None else tensors[t.index] for t in op.inputs),
            outputs=tuple(tensors[t.index] for t in op.outputs),
            intermediates=tuple(tensors[t.index] for t in op.intermediates),
            options=self._options(op),
            code=self._code(op),
            debug_metadata_index=-1,
            bodies=(),
        )

    def _options(self, op: Op) -> Record:
        """Return an op's options with the new numbers of the subgraphs that they name."""
        changed: dict[str, Any] = {}
        for field in called_fields(op.options.table):
            value = op.options.get(field)
            many = isinstance(value, tuple)
            if value is not None:
                changed[field] = tuple(self._call(op, i) for i in value) if many else self._call(op, value)
        return op.options.replace(**changed) if changed else op.options

    def _call(self, op: Op, index: int) -> int:
        if not 0 <= index < len(self.whole.subgraphs):
            raise InputError(f"{op} calls subgraph {index}, which is not at hand: as_model needs its model")
        if index not in self.called:
            self.called.append(index)
        return self.called.index(index) + 1

    def _code(self, op: Op) -> int:
        """Return the index of the op's code: that of the file, unless the op has been rewritten."""
        codes = self.whole.operator_codes
        code = codes[op.code] if op.code < len(codes) else None
        if code is None or code.version != op.version or op_name(code, op.options) != op.name:
            code = operator_code(op.name, op.version)
        if code not in self.codes:
            self.codes.append(code)
        return self.codes.index(code)


def _numbered(graph: Graph, first: Iterable[Tensor]) -> list[Tensor]:
    """Return the tensors that a subgraph uses: what comes in, what ops use in turn, what goes out."""
    found: dict[int, Tensor] = {}
    operands = (t for op in graph.ops for t in (*op.inputs, *op.outputs, *op.intermediates))
    for t in (*first, *graph.inputs, *operands, *graph.outputs):
        if t is not None:
            found.setdefault(t.index, t)
    for t in list(found.values()):
        blocks = None if t.quantization is None else t.quantization.blocks
        for scales in () if blocks is None else (blocks.scales, blocks.zero_points):
            if scales is not None:
                found.setdefault(scales.index, scales)
    return list(found.values())


def _named(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors with a name for each, and none twice: engines find them by it."""
    taken = {t.name for t in tensors}
    seen = {""}
    found = []
    for i, t in enumerate(tensors):
        name = t.name
        if name in seen:
            name = f"{t.name or 'tensor'}_{i}"
            while name in taken:
                name += "_"
            taken.add(name)
        seen.add(name)
        found.append(t if name == t.name else evolve(t, name=name))
    return found


def _renumbered(blocks: Blocks, made: dict[int, Tensor]) -> Blocks:
    points = blocks.zero_points
    return evolve(
        blocks,
        scales=made[blocks.scales.index],
        zero_points=None if points is None else made[points.index],
    )


def _shape_in_file(t: Tensor) -> dict[str, Any]:
    """Return the fields of a shape: no size is open but those that only a run shows."""
    signature = t.shape_signature
    if t.shape is not None:
        return {"shape_signature": signature if signature in ((), t.shape) else None}
    if signature:
        return {"shape": tuple(1 if n < 0 else n for n in signature)}
    return {"shape": (), "has_rank": False}  # any rank
