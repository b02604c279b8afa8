"""A model of floats and the quantized one made of it, run side by side: an op at a time, on all samples.

Who improves an op sees what it reads in both, changes its constants, and only then is it run: the ops
behind it see the change. Values go when their last reader is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from delegraph import DTYPES, Delegate, Graph, Model, Op, Run, Tensor, called_subgraphs

from ..real import is_quantized, real_values
from ..schemes.numbers import stored_numbers
from ..writer import LEFT_OUT, EditedOp, GraphEdit, op_of
from .calls import HANDLES, Calls, Undecided, computed, prepared
from .kept_samples import Room

Values = list[np.ndarray]  # of one tensor: an array for each sample
Samples = Sequence[Mapping[int, np.ndarray]]  # values by the number of the input
_PARTS = 4  # a part of as many samples as the first ones is worth being run through what lies behind


@frozen
class LockStep:
    """An op that is about to run."""

    node: EditedOp  # the quantized op
    op: Op  # the op of floats that it stands for
    floats: Values | None  # the first input of the op of floats; None where it is not known
    found: Values | None  # the real numbers that the quantized op reads in its place


def lockstep(
    floats: Graph,
    edit: GraphEdit,
    samples: Samples,
    engines: Sequence[Delegate],
    called: tuple[Model | None, Model | None] = (None, None),
    later: Samples = (),
) -> Iterator[LockStep]:
    """Run both graphs on samples, which are given by the numbers of the inputs.

    What samples alone do not decide (resources), and what comes of it, is not known.

    :param called: models whose subgraphs control flow calls: in floats, and as it is edited now.
    :param later: more samples, for which there is no memory at first: values are smaller farther on. They
        run through what lies behind by then, and are seen from there on.
    """
    calls = [Calls(model, engines) for model in called]

    def begun(some: Samples) -> tuple[_Floats, _Integers]:
        return _Floats(floats, calls[0], engines, some), _Integers(floats, edit, calls[1], engines, some)

    with ExitStack() as stack:
        for delegate in engines:
            stack.enter_context(delegate.running())
        yield from _steps(begun(samples), begun, Room.of(floats), list(later))


def _steps(
    sides: tuple[_Floats, _Integers],
    begun: Callable[[Samples], tuple[_Floats, _Integers]],
    room: Room,
    later: list[Mapping[int, np.ndarray]],
) -> Iterator[LockStep]:
    floats, integers = sides
    fewest = -(-floats.count // _PARTS)
    for place, node in enumerate(integers.nodes):
        if node.source is not None:
            floats.run_before(node.source)
            more = min(room.before(node.source.index, floats.count), len(later))
            while more >= min(fewest, len(later)) > 0:
                for side, other in zip(sides, _caught_up(begun(later[:more]), place), strict=True):
                    side.take(other)
                later = later[more:]
                more = min(room.before(node.source.index, floats.count), len(later))
            if node.inputs:
                yield LockStep(node, node.source, floats.read(node.source), integers.read(node))
        integers.run(place)


def _caught_up(sides: tuple[_Floats, _Integers], place: int) -> tuple[_Floats, _Integers]:
    """Run both sides until they are before an op."""
    floats, integers = sides
    for earlier in range(place + 1):
        source = integers.nodes[earlier].source
        if source is not None:
            floats.run_before(source)
        if earlier < place:
            integers.run(earlier)
    return sides


class _Side:
    """Values of one graph's tensors, and the delegates that compute them."""

    def __init__(self, graph: Graph, calls: Calls, delegates: Sequence[Delegate], count: int) -> None:
        self.graph = graph
        self.count = count  # of samples
        self.values: dict[int, Values] = {}
        self._calls = calls
        self._delegates = delegates

    def take(self, other: _Side) -> None:
        """Take over the values of other samples; what is not known of both is not known."""
        common = self.values.keys() & other.values.keys()
        self.values = {i: self.values[i] + other.values[i] for i in self.values if i in common}
        self.count += other.count

    def carry_out(self, op: Op) -> None:
        """Run an op on every sample, if it is one that samples decide."""
        given = computed(op.inputs)
        if not all(self._is_there(t) for t in given):
            return
        if any(t.shape is None or t.dtype in HANDLES for t in (*op.outputs, *given)):
            return
        run = self._calling(op, given) if called_subgraphs(op) else self._prepared(op, given)
        if run is None:
            return
        kept: list[Values] = [[] for _ in op.outputs]
        for number in range(self.count):
            try:
                results = run(*[self._value(t, number) for t in given])
            except Undecided:
                return
            for values, result in zip(kept, results, strict=False):
                values.append(np.asarray(result))
        self.values.update(zip((t.index for t in op.outputs), kept, strict=True))

    def _is_there(self, tensor: Tensor) -> bool:
        values = self.values.get(tensor.index)
        return tensor.is_variable or (values is not None and values[0].shape == tensor.shape)

    def _value(self, tensor: Tensor, number: int) -> np.ndarray:
        if tensor.index in self.values:
            return self.values[tensor.index][number]
        begin = int(tensor.zero_point) if is_quantized(tensor) else 0
        return np.full(tensor.shape or (), begin, DTYPES[tensor.dtype].numpy)  # state, as a run begins

    def _prepared(self, op: Op, given: Sequence[Tensor]) -> Run | None:
        return prepared(op, given, self.graph, self._delegates)

    def _calling(self, op: Op, given: Sequence[Tensor]) -> Run:
        places = [t.index for t in given]

        def run(*arrays: Any) -> tuple[Any, ...]:
            values = dict(zip(places, arrays, strict=True))
            operands = [None if t is None else values.get(t.index, t.data) for t in op.inputs]
            if any(o is None for o in operands):
                raise Undecided
            results = tuple(self._calls.results(op, [np.asarray(o) for o in operands]))
            if len(results) != len(op.outputs):
                raise Undecided
            return results

        return run


class _Floats(_Side):
    def __init__(
        self,
        graph: Graph,
        calls: Calls,
        delegates: Sequence[Delegate],
        samples: Samples,
    ) -> None:
        super().__init__(graph, calls, delegates, len(samples))
        self.values = {i: [sample[i] for sample in samples] for i in samples[0]}
        self._left = list(graph.ops)
        self._last = {t.index: op.index for op in graph.ops for t in op.inputs if t is not None}

    def run_before(self, op: Op) -> None:
        while self._left and self._left[0].index < op.index:
            done = self._left.pop(0)
            self.carry_out(done)
            for index in [i for i in self.values if self._last.get(i, -1) <= done.index]:
                del self.values[index]

    def read(self, op: Op) -> Values | None:
        return None if op.inputs[0] is None else self.values.get(op.inputs[0].index)


class _Integers(_Side):
    def __init__(
        self,
        graph: Graph,
        edit: GraphEdit,
        calls: Calls,
        delegates: Sequence[Delegate],
        samples: Samples,
    ) -> None:
        super().__init__(graph, calls, delegates, len(samples))
        self.edit = edit
        self.nodes = list(edit.nodes)
        self.values = {
            entry: [_entering(sample[index], edit.tensors[entry]) for sample in samples]
            for index, entry in zip((t.index for t in graph.inputs), edit.inputs, strict=True)
            if index in samples[0]
        }
        self._last = {i: place for place, node in enumerate(self.nodes) for i in node.reads}
        self._large = {
            n.outputs[0]: n.inputs[0]
            for n in self.nodes
            if n.name == "DEQUANTIZE" and edit.is_constant(n.inputs[0])
        }

    def run(self, place: int) -> None:
        node = self.nodes[place]
        if node.outputs and node.outputs[0] not in self._large:
            inputs = [None if i == LEFT_OUT else self._operand(i) for i in node.inputs]
            self.carry_out(op_of(place, node, inputs, self._tensors))
        for index in [i for i in self.values if self._last.get(i, -1) <= place]:
            del self.values[index]

    def read(self, node: EditedOp) -> Values | None:
        values, tensor = self.values.get(node.inputs[0]), self.edit.tensors[node.inputs[0]]
        if values is None or not is_quantized(tensor):
            return values
        scale, point = np.float32(tensor.scale), np.float32(tensor.zero_point)
        return [(v.astype(np.float32) - point) * scale for v in values]

    def _operand(self, index: int) -> Tensor:
        """Return a tensor; weights that a DEQUANTIZE makes large as the constant that they are."""
        tensor = self.edit.tensors[index]
        if index not in self._large:
            return tensor
        return attrs.evolve(tensor, data=real_values(self.edit.tensors[self._large[index]]))

    def _tensors(self, indices: Sequence[int]) -> tuple[Tensor, ...]:
        return tuple(self.edit.tensors[i] for i in indices)


def _entering(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return a sample as a quantized model takes it."""
    if values.dtype.kind != "f" or tensor.quantization is None or not is_quantized(tensor):
        return values
    return stored_numbers(values, tensor.quantization, tensor.dtype)
