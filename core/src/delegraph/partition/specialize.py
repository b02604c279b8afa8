"""Make a model ready to be cut up: propagate shapes, and fold the ops whose inputs are all constant.

The ops that fold away (DEQUANTIZE of float16 weights, DENSIFY, SHAPE of a known shape, chains of these) are
44–86 % of the ops of float16 models. Their values are computed when first asked for, by the reference
delegate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs
import numpy as np

from .. import shapes
from ..contract import OpSupport, Partition, shapes_by_rows
from ..errors import InputError, ModelError
from ..model import (
    DTYPES,
    RANDOM_OPS,
    Graph,
    Model,
    Op,
    Shape,
    Tensor,
    called_by_ops,
    called_subgraphs,
    callers_first,
    is_core_op,
)
from ..plugins import REFERENCE

if TYPE_CHECKING:
    from ..contract import Delegate

InputShapes = Mapping[tuple[int, int], tuple[int, ...]]  # (subgraph, tensor index) -> shape
Shapes = tuple[Shape, ...]  # of a subgraph's inputs or outputs
Call = tuple[int, Shapes]  # a subgraph, and the shapes that its inputs get
DEFAULT_MAX_TENSOR_BYTES = 4 << 30
MOST_SHAPES = 16  # that the calls of one subgraph are told apart by


class Evaluator:
    """Computes ops of constants with the reference delegate, if it is among the loaded ones."""

    def __init__(self, delegates: Sequence[Delegate]) -> None:
        self._delegates = delegates
        self._reference = next((d for d in delegates if d.name == REFERENCE), None)

    def row(self, op: Op, graph: Graph) -> OpSupport | None:
        """Return the row by which ``compute`` can take the op; None if it cannot."""
        return None if self._reference is None else self._reference.decide(op, graph)[0]

    def compute(self, op: Op, graph: Graph, row: OpSupport) -> Sequence[np.ndarray]:
        """Return the values of the op's outputs; its inputs are constant, or only their shapes matter."""
        delegate = self._reference
        assert delegate is not None
        unread = tuple(t for t in op.inputs if t is not None and not t.is_constant)
        rows = {op.index: row}
        part = Partition(delegate, delegate.label, (op,), unread, op.outputs, graph=graph, rows=rows)
        stand_ins = [np.broadcast_to(DTYPES[t.dtype].numpy.type(), t.shape or ()) for t in unread]
        return delegate.prepare(part)(*stand_ins)

    def shapes(self, op: Op, given: Sequence[Shape]) -> Sequence[Shape] | None:
        """Return a custom op's output shapes by its support row's rule; None if it has none."""
        return shapes_by_rows((d.table for d in self._delegates), op, given)


def specialize(
    model: Model,
    input_shapes: InputShapes | None = None,
    delegates: Sequence[Delegate] = (),
    max_tensor_bytes: int = DEFAULT_MAX_TENSOR_BYTES,
) -> Model:
    """Return the model with every shape that can be known, and without the ops of constants.

    :param input_shapes: shapes that replace those the file gives to inputs.
    :param delegates: those that will run the model: their rows know the shapes of custom ops, and the
        reference delegate among them computes constants. Without it nothing is folded.
    :raises InputError: the shapes do not fit an op; the message names it.
    :raises ModelError: a tensor would take more than ``max_tensor_bytes``.
    """
    work = _Specializer(model, input_shapes or {}, Evaluator(delegates), max_tensor_bytes)
    return attrs.evolve(model, subgraphs=work.subgraphs())


def with_bodies(op: Op, model: Model) -> Op:
    """Return the op with the subgraphs that its options name, if its kernel is to read them."""
    called = () if is_core_op(op.name) or op.bodies else called_subgraphs(op)
    return attrs.evolve(op, bodies=tuple(model.subgraphs[i] for i in called)) if called else op


class _Specializer:
    def __init__(
        self, model: Model, given: InputShapes, evaluator: Evaluator, max_tensor_bytes: int
    ) -> None:
        self.model = model
        self.given = given
        self.evaluator = evaluator
        self.max_tensor_bytes = max_tensor_bytes
        # Input shapes of the subgraphs that ops call, merged over all calls: None where they differ.
        self.called: dict[int, Shapes] = {}
        self._results: dict[int, dict[Shapes, Shapes]] = {}  # output shapes by subgraph and input shapes

    def subgraphs(self) -> tuple[Graph, ...]:
        """Specialize callers before what they call, so that all call shapes are known by then."""
        graphs = self.model.subgraphs
        found: dict[int, Graph] = {}
        for index in callers_first(range(len(graphs)), lambda index: called_by_ops(graphs[index].ops)):
            walk = _GraphPass(self, graphs[index], self.called.get(index))
            found[index] = walk.run()
            for callee, given in walk.calls:
                self.called[callee] = _merged(self.called.get(callee, given), given)
        return tuple(found[index] for index in range(len(graphs)))

    def calls(self, op: Op, given: Shapes) -> list[Call]:
        """Return the subgraphs that an op runs, each with the shapes that it hands them."""
        if op.name in ("WHILE", "STABLEHLO_WHILE"):
            return [(i, self._carried(op, given)) for i in called_subgraphs(op)]
        passed = {"IF": given[1:], "STABLEHLO_CASE": given[1:], "CALL_ONCE": ()}.get(op.name, given)
        return [(i, passed) for i in called_subgraphs(op)]

    def results(self, op: Op, calls: Sequence[Call]) -> Shapes:
        """Return the output shapes of an op that makes these calls."""
        if op.name in ("WHILE", "STABLEHLO_WHILE"):
            return calls[-1][1]
        columns = zip(*(self._outputs(*call) for call in calls), strict=False)
        return tuple(map(_merge, columns))

    def _carried(self, op: Op, given: Shapes) -> Shapes:
        """Return the shapes that a loop's body gets: None where a round changes them."""
        _, body = called_subgraphs(op)
        before = None
        while given != before:  # each round makes more of them None
            before, given = given, _merged(given, self._outputs(body, given))
        return given

    def _outputs(self, index: int, given: Shapes) -> Shapes:
        """Return the output shapes of a subgraph; they are found once for the same input shapes.

        One that is called with many shapes is from then on called with None for those that differ.
        """
        known = self._results.setdefault(index, {})
        if given not in known and len(known) >= MOST_SHAPES:
            given = tuple(map(_merge, zip(given, *known, strict=False)))
        if given not in known:
            graph = _GraphPass(self, self.model.subgraphs[index], given).run()
            known[given] = tuple(t.shape for t in graph.outputs)
        return known[given]


class _GraphPass:
    """One walk over the ops of a graph, in the file's order."""

    def __init__(self, work: _Specializer, graph: Graph, inputs: Shapes | None) -> None:
        self.work = work
        self.graph = graph
        self.calls: list[Call] = []  # what its ops call, with which shapes
        self.now: dict[int, Tensor] = {}  # tensors that are no longer as the file has them
        for i, t in enumerate(graph.inputs):
            shape = work.given.get((graph.index, t.index), t.shape)
            if inputs is not None and i < len(inputs):
                shape = inputs[i]
            self._set_shape(t, shape)

    def run(self) -> Graph:
        ops, folded = [], []
        for op in self.graph.ops:
            op = self._current(op)
            for t, shape in zip(op.outputs, self._shapes(op), strict=True):
                self._set_shape(t, shape, op)
            op = self._current(op)
            if self._fold(op):
                folded.append(op)
            else:
                ops.append(op)
        return self._rebuilt(ops, folded)

    def _current(self, op: Op) -> Op:
        now = self.now
        op = with_bodies(op, self.work.model)
        if not any(t is not None and t.index in now for t in (*op.inputs, *op.outputs)):
            return op
        return attrs.evolve(
            op,
            inputs=tuple(None if t is None else now.get(t.index, t) for t in op.inputs),
            outputs=tuple(now.get(t.index, t) for t in op.outputs),
        )

    def _shapes(self, op: Op) -> Sequence[Shape]:
        given = [None if t is None else t.shape for t in op.inputs]
        if is_core_op(op.name):
            calls = self.work.calls(op, tuple(given))
            self.calls += calls
            found = self.work.results(op, calls)
            return [*found, *_declared(op, given)[len(found) :]][: len(op.outputs)]
        if shapes.has_rule(op.name):
            return shapes.infer(op, given, lambda i: _constant(op, i))
        known = self.work.evaluator.shapes(op, given)
        return [t.shape for t in op.outputs] if known is None else known

    def _set_shape(self, tensor: Tensor, shape: Shape, op: Op | None = None) -> None:
        if shape == tensor.shape:
            return
        changed = attrs.evolve(tensor, shape=shape)
        nbytes = changed.nbytes
        if nbytes is not None and nbytes > self.work.max_tensor_bytes:
            raise ModelError(
                f"{op or 'an input'}: tensor {tensor.index} {tensor.name!r} of shape {shape} takes "
                f"{nbytes} bytes, more than max_tensor_bytes={self.work.max_tensor_bytes}"
            )
        self.now[tensor.index] = changed

    def _fold(self, op: Op) -> bool:
        """Turn the op's outputs into constants, if they are; return whether they were."""
        row = self.work.evaluator.row(op, self.graph) if self._is_constant(op) else None
        if row is None:
            return False
        results = _Results(op, partial(self.work.evaluator.compute, op, self.graph, row))
        for i, t in enumerate(op.outputs):
            self.now[t.index] = attrs.evolve(t, data=partial(results.output, i))
        return True

    def _is_constant(self, op: Op) -> bool:
        if op.name in RANDOM_OPS or is_core_op(op.name) or not op.inputs:
            return False
        if any(t.shape is None or t.is_variable for t in op.outputs):
            return False  # a variable is read by the next run, too
        given = [t for t in op.inputs if t is not None]
        if op.name in ("SHAPE", "RANK"):  # they read the shape alone
            return all(t.shape is not None for t in given)
        return all(t.is_constant and not t.is_variable for t in given)

    def _rebuilt(self, ops: list[Op], folded: list[Op]) -> Graph:
        if not folded and all(a is b for a, b in zip(ops, self.graph.ops, strict=True)) and not self.now:
            return self.graph
        now = self.now
        return attrs.evolve(
            self.graph,
            tensors=tuple(now.get(t.index, t) for t in self.graph.tensors),
            ops=tuple(ops),
            inputs=tuple(now.get(t.index, t) for t in self.graph.inputs),
            outputs=tuple(now.get(t.index, t) for t in self.graph.outputs),
            folded=tuple(folded),
        )


class _Results:
    """The results of one folded op, computed when first asked for, once for all its outputs."""

    def __init__(self, op: Op, compute: Callable[[], Sequence[np.ndarray]]) -> None:
        self._op = op
        self._compute = compute
        self._arrays: Sequence[np.ndarray] | None = None

    def output(self, i: int) -> np.ndarray:
        if self._arrays is None:
            self._arrays = self._compute()
        tensor = self._op.outputs[i]
        found: np.ndarray = self._arrays[i].view()
        if found.shape != tensor.shape:
            raise InputError(f"{self._op} needs to give shape {tensor.shape}, found {found.shape}")
        found.flags.writeable = False
        return found


def _constant(op: Op, i: int) -> np.ndarray | None:
    t = op.inputs[i]
    return None if t is None else t.data


def _declared(op: Op, given: Sequence[Shape]) -> list[Shape]:
    """Return the file's shapes of what a core op makes; None where the file leaves a size open.

    Source: tflite/kernels/hashtable_find.cc; read_variable.cc, where a shape of () may be any shape.
    """
    if op.name == "HASHTABLE_FIND":
        return list(given[1:2]) or [None]  # without keys it will not run
    read = op.name == "READ_VARIABLE"
    is_open = [-1 in (t.shape_signature or ()) or (read and not t.shape) for t in op.outputs]
    return [None if is_open[i] else t.shape for i, t in enumerate(op.outputs)]


def _merge(shapes: Sequence[Shape]) -> Shape:
    return shapes[0] if all(s == shapes[0] for s in shapes) else None


def _merged(a: Shapes, b: Shapes) -> Shapes:
    return tuple(map(_merge, zip(a, b, strict=False)))
