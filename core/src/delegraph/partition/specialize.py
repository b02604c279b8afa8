"""Make a model ready to be cut up: propagate shapes and types, and fold the ops of constants.

The ops that fold away (DEQUANTIZE of float16 weights, DENSIFY, SHAPE of a known shape, chains of these) are
44–86 % of the ops of float16 models. Their values are computed when first asked for, by the reference
delegate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from .. import shapes
from ..contract import Delegate, OpSupport, Partition, shapes_by_rows
from ..contract.guard import Unfit, listed, said, shown
from ..errors import DelegateFailed, DelegraphError, InputError
from ..kinds import check_kind, several
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
from ..model.mapped import release
from ..plugins import REFERENCE
from ..text import shape_text
from ..values import evolve, frozen
from .budget import DEFAULT_BUDGET, Budget, Spending
from .decisions import Decisions
from .linear import ANYTHING, Known, Range
from .replaced_part import as_replaced_part, without_unread

InputShapes = Mapping[tuple[int, int], tuple[int, ...]]  # (subgraph, tensor index) -> shape
Inputs = tuple["Given", ...]  # of a subgraph
Call = tuple[int, Inputs]  # a subgraph, and what it gets
LOOPS = ("WHILE", "STABLEHLO_WHILE")
_KEEP_CLAIMS = ("STABLEHLO_CASE",)  # and reads the bytes of what it calls as what it claims
MOST_INPUTS = 16  # by which the calls of one subgraph are told apart
_ONLY_SHAPES = ("SHAPE", "RANK")  # what they read of their inputs


class Evaluator:
    """Computes ops of constants with the reference delegate, if it is among the loaded ones."""

    def __init__(self, delegates: Sequence[Delegate], decisions: Decisions) -> None:
        self._delegates = delegates
        self._decisions = decisions
        self._reference = next((d for d in delegates if d.name == REFERENCE), None)

    def row(self, op: Op, graph: Graph) -> OpSupport | None:
        """Return the row by which ``compute`` can take the op; None if it cannot."""
        return None if self._reference is None else self._decide(self._reference, op, graph, stays=False)

    def compute(self, op: Op, graph: Graph, row: OpSupport) -> Sequence[np.ndarray]:
        """Return the values of the op's outputs; its inputs are constant, or only their shapes matter."""
        delegate = self._reference
        assert delegate is not None
        unread = tuple(t for t in op.inputs if t is not None and not t.is_constant)
        rows = {op.index: row}
        part = Partition(delegate, delegate.label, (op,), unread, op.outputs, graph=graph, rows=rows)
        stand_ins = [np.broadcast_to(DTYPES[t.dtype].numpy.type(), t.shape or ()) for t in unread]
        try:
            return _arrays(op, delegate.prepare(part)(*stand_ins))
        except DelegraphError:
            raise
        except BaseException as e:
            raise DelegateFailed(f"{delegate.label} failed to compute {op}: {said(e)}", part) from e

    def takes(self, op: Op, graph: Graph) -> bool:
        """Say whether some delegate takes the op."""
        return any(self._decide(d, op, graph, stays=True) is not None for d in self._delegates)

    def _decide(self, delegate: Delegate, op: Op, graph: Graph, stays: bool) -> OpSupport | None:
        decision = self._decisions.decide(delegate, op, graph)
        if stays or decision[0] is None:  # planning asks for the op, too
            self._decisions.keep(delegate, op, decision)
        return decision[0]

    def shapes(self, op: Op, given: Sequence[Shape]) -> Sequence[Shape] | None:
        """Return a custom op's output shapes by its support row's rule; None if it has none."""
        return shapes_by_rows((d.table for d in self._delegates), op, given)


def specialize(
    model: Model,
    input_shapes: InputShapes | None = None,
    delegates: Sequence[Delegate] = (),
    budget: Budget = DEFAULT_BUDGET,
    keep_all: bool = False,
    decisions: Decisions | None = None,
) -> Model:
    """Return the model with every shape that can be known and the types that LiteRT gives to the tensors,
    and without the ops of constants.

    :param input_shapes: shapes that replace those the file gives to inputs.
    :param delegates: those that will run the model: their rows know the shapes of custom ops, and the
        reference delegate among them computes constants. Without it nothing is folded.
    :param keep_all: every tensor of the file is computed, so no op is rewritten.
    :param decisions: where to keep what delegates say of ops, for the plan of the same model.
    :raises InputError: the shapes do not fit an op; the message names it.
    :raises ModelError: a tensor, or all computed constants, would take more than the budget.
    """
    check_kind("model", model, Model, "a Model")
    check_kind("input_shapes", input_shapes, (Mapping, type(None)), "shapes by subgraph and tensor")
    several("delegates", delegates, Delegate, "loaded delegates (see load_delegate)")
    check_kind("budget", budget, Budget, "a Budget")
    for graph in model.subgraphs:  # it may have been read, or made, with other limits
        for t in graph.tensors:
            budget.check_tensor(t, f"subgraph {graph.index}")
    evaluator = Evaluator(delegates, decisions or Decisions())
    work = _Specializer(model, input_shapes or {}, evaluator, budget, not keep_all)
    return evolve(model, subgraphs=work.subgraphs())


def with_bodies(graph: Graph, model: Model) -> Graph:
    """Return the graph, with the subgraphs that options name in the ops whose kernels are to read them."""
    called = {op.index: called_subgraphs(op) for op in graph.ops if not (is_core_op(op.name) or op.bodies)}
    if not any(called.values()):
        return graph
    bodies = {place: tuple(model.subgraphs[i] for i in found) for place, found in called.items() if found}
    ops = (evolve(op, bodies=bodies.get(op.index, op.bodies)) for op in graph.ops)
    return evolve(graph, ops=tuple(ops))


@frozen
class Given:
    """What a subgraph gets for one of its inputs."""

    shape: Shape
    dtype: str | None  # None: as the file says
    range: Range = ANYTHING  # of a single integer

    def or_of(self, other: Given) -> Given:
        dtype = self.dtype if self.dtype == other.dtype else None
        return Given(_merge([self.shape, other.shape]), dtype, self.range.or_of(other.range))


class _Specializer:
    def __init__(
        self,
        model: Model,
        given: InputShapes,
        evaluator: Evaluator,
        budget: Budget,
        rewrites: bool,
    ) -> None:
        self.model = model
        self.graphs = [with_bodies(graph, model) for graph in model.subgraphs]
        self.given = given
        self.evaluator = evaluator
        self.budget = budget
        self.spending = Spending(budget)
        self.rewrites = rewrites
        self.entries = {0, *(s.subgraph for s in model.signatures)}  # may be run with anything
        self.called: dict[int, Inputs] = {}  # what the subgraphs that ops call get, over all calls
        self._walks: dict[int, dict[Inputs, _GraphPass]] = {}  # by subgraph and inputs
        # What walks share: ops of other constants, and constants, by the identity of the op (kept with it).
        self._changed: dict[tuple[int, ...], tuple[Op, Op]] = {}
        self._constants: dict[int, tuple[Op, Sequence[Tensor] | None]] = {}

    def subgraphs(self) -> tuple[Graph, ...]:
        """Specialize callers before what they call, so that all calls are known by then."""
        graphs = self.graphs
        found: dict[int, Graph] = {}
        for index in callers_first(range(len(graphs)), lambda index: called_by_ops(graphs[index].ops)):
            given = self.called.get(index)
            known = None if given is None else self._walks.get(index, {}).get(given)
            walk = known or _GraphPass(self, graphs[index], given).run()
            found[index] = walk.rewritten() if self.rewrites else walk.graph
            for callee, given in walk.calls:
                if callee in self.entries:
                    given = _unbounded(given)
                self.called[callee] = _merged(self.called.get(callee, given), given)
        return tuple(found[index] for index in range(len(graphs)))

    def with_tensors(self, op: Op, inputs: tuple[Tensor | None, ...], outputs: tuple[Tensor, ...]) -> Op:
        """Return the op with other tensors: for the same constants the same op, which is judged once."""
        if any(t is not None and not t.is_constant for t in inputs):
            return evolve(op, inputs=inputs, outputs=outputs)
        key = (id(op), *map(id, inputs), *map(id, outputs))
        if key not in self._changed:
            self._changed[key] = op, evolve(op, inputs=inputs, outputs=outputs)
        return self._changed[key][1]

    def constants(self, op: Op, graph: Graph) -> Sequence[Tensor] | None:
        """Return the outputs of an op of constants as constants; None if nobody computes them."""
        if id(op) not in self._constants:
            row = self.evaluator.row(op, graph)
            self._constants[id(op)] = op, None if row is None else self._computed(op, graph, row)
        return self._constants[id(op)][1]

    def _computed(self, op: Op, graph: Graph, row: OpSupport) -> Sequence[Tensor]:
        results = _Results(op, partial(self.evaluator.compute, op, graph, row), self.spending)
        return tuple(_filled(t, _Output(results, i)) for i, t in enumerate(op.outputs))

    def calls(self, op: Op, given: Inputs) -> list[Call]:
        """Return the subgraphs that an op runs, each with what it hands them."""
        if op.name in LOOPS:
            return self._loop(op, given)
        passed = {"IF": given[1:], "STABLEHLO_CASE": given[1:], "CALL_ONCE": ()}.get(op.name, given)
        return [(i, passed) for i in called_subgraphs(op)]

    def results(self, op: Op, calls: Sequence[Call]) -> tuple[list[Shape], list[str]]:
        """Return shapes and types of the outputs of an op that makes these calls."""
        callees = calls[-1:] if op.name in LOOPS else calls
        columns = list(zip(*(self._walk(*call).graph.outputs for call in callees), strict=False))
        types = _result_types(op, [column[-1] for column in columns])
        if op.name in LOOPS:
            return [g.shape for g in calls[-1][1]], types
        return [_merge([t.shape for t in column]) for column in columns], types

    def _loop(self, op: Op, given: Inputs) -> list[Call]:
        """Return what the condition and the body of a loop get in all its rounds.

        Shapes that a round changes are None. What counters can be is a guess until the shapes are found,
        since it may depend on them; where it was wrong, nothing is said of counters.
        """
        cond, body = called_subgraphs(op)
        guess = self._ranges(cond, body, given, given)
        inside = self._carried(body, _with_ranges(given, guess))
        if self._ranges(cond, body, inside, given) != guess:
            inside = self._carried(body, _unbounded(given))
        return [(cond, _unbounded(inside)), (body, inside)]

    def _carried(self, body: int, given: Inputs) -> Inputs:
        """Return inputs of a body whose shapes a round leaves as they are; None where it changes them."""
        before = None
        while given != before:  # each round makes more of them None
            before, after = given, self._walk(body, given).outputs
            columns = zip(given, after, strict=False)
            given = tuple(Given(_merge([g.shape, shape]), g.dtype, g.range) for g, shape in columns)
        return given

    def _ranges(self, cond: int, body: int, inside: Inputs, start: Inputs) -> list[Range]:
        """Return what a loop's variables can be inside, if their shapes are those of ``inside``."""
        if not any(t.dtype in ("int32", "int64") for t in self.graphs[body].inputs):
            return [Range() for _ in start]
        in_body, in_cond = (self._walk(i, _unbounded(inside)) for i in (body, cond))
        from .counters import ranges_inside, steps_of

        steps = steps_of(in_body.graph, in_body.known)
        if not len(steps) == len(in_cond.graph.inputs) == len(start):
            return [Range() for _ in start]  # it will be refused
        return ranges_inside(in_cond.graph, in_cond.known, steps, [g.range for g in start])

    def _walk(self, index: int, given: Inputs) -> _GraphPass:
        """Return a walk over a subgraph; there is one for the same inputs.

        A subgraph that gets many different inputs is from then on taken to get all of them at once.
        """
        walks = self._walks.setdefault(index, {})
        if given not in walks and len(walks) >= MOST_INPUTS:
            for other in walks:
                given = _merged(given, other)
        if given not in walks:
            walks[given] = _GraphPass(self, self.graphs[index], given).run()
        return walks[given]


class _GraphPass:
    """One walk over the ops of a graph, in the file's order."""

    def __init__(self, work: _Specializer, graph: Graph, inputs: Inputs | None) -> None:
        self.work = work
        self.graph = graph  # as the file has it; after the walk, as it is then
        self.known = Known(graph)
        self.calls: list[Call] = []  # what its ops call, with what they hand over
        self.now = _empty_ones(graph)  # tensors that are no longer as the file has them
        for i, t in enumerate(graph.inputs):
            shape, dtype = work.given.get((graph.index, t.index), t.shape), t.dtype
            if inputs is not None and i < len(inputs):
                shape, dtype = inputs[i].shape, inputs[i].dtype or dtype
                self.known.ranges[t.index, 0] = inputs[i].range
            self._set(t, shape, dtype)

    @property
    def outputs(self) -> list[Shape]:
        return [t.shape for t in self.graph.outputs]

    def run(self) -> _GraphPass:
        ops, folded = [], []
        for op in self.graph.ops:
            op = self._current(op)
            for t, shape, dtype in zip(op.outputs, *self._shapes_and_types(op), strict=True):
                self._set(t, shape, dtype, op)
            op = self._current(op)
            self.known.learn(op)
            if self._fold(op):
                folded.append(op)
            else:
                ops.append(op)
        self.graph = self._rebuilt(ops, folded)
        return self

    def rewritten(self) -> Graph:
        """Return the graph after the walk, with one op for each part of a tensor that is replaced."""
        made_by = {t.index: op for op in self.graph.ops for t in op.outputs}
        ops = list(self.graph.ops)
        read_before: list[Op] = []
        for place, op in enumerate(ops):
            better = as_replaced_part(op, made_by, self.known)
            if better is not None and self.work.evaluator.takes(better, self.graph):
                ops[place] = better
                read_before += [made_by[t.index] for t in op.inputs if t is not None and t.index in made_by]
        if not read_before:
            return self.graph
        kept = {i for s in self.work.model.signatures for i in s.outputs.values()}
        return without_unread(evolve(self.graph, ops=tuple(ops)), read_before, kept)

    def _current(self, op: Op) -> Op:
        now = self.now
        if not any(t is not None and t.index in now for t in (*op.inputs, *op.outputs)):
            return op
        inputs = tuple(None if t is None else now.get(t.index, t) for t in op.inputs)
        return self.work.with_tensors(op, inputs, tuple(now.get(t.index, t) for t in op.outputs))

    def _shapes_and_types(self, op: Op) -> tuple[Sequence[Shape], Sequence[str]]:
        if not is_core_op(op.name):
            return self._shapes(op), shapes.output_types(op)
        calls = self.work.calls(op, tuple(map(self._given, op.inputs)))
        self.calls += calls
        found, types = self.work.results(op, calls)
        declared = _declared(op, [None if t is None else t.shape for t in op.inputs])
        return [*found, *declared[len(found) :]][: len(op.outputs)], types

    def _shapes(self, op: Op) -> Sequence[Shape]:
        given = [None if t is None else t.shape for t in op.inputs]
        if shapes.has_rule(op.name):
            inferred = shapes.infer(op, given, lambda i: _constant(op, i))
            return (self.known.shapes(op) or inferred) if None in inferred else inferred
        by_row = self.work.evaluator.shapes(op, given)
        return [t.shape for t in op.outputs] if by_row is None else by_row

    def _given(self, tensor: Tensor | None) -> Given:
        value = self.known.value(tensor)
        shape, dtype = (None, None) if tensor is None else (tensor.shape, tensor.dtype)
        return Given(shape, dtype) if value is None else Given(shape, dtype, self.known.range(value))

    def _set(self, tensor: Tensor, shape: Shape, dtype: str, op: Op | None = None) -> None:
        if shape == tensor.shape and dtype == tensor.dtype:
            return
        changed = evolve(tensor, shape=shape, dtype=dtype)
        self.work.budget.check_tensor(changed, op or "an input")
        self.now[tensor.index] = changed

    def _fold(self, op: Op) -> bool:
        """Turn the op's outputs into constants, if they are; return whether they were."""
        foldable = _is_constant(op) and not any(
            t.is_variable and self._is_used_before(t, op) for t in op.outputs
        )
        constants = self.work.constants(op, self.graph) if foldable else None
        self.now.update((t.index, t) for t in constants or ())
        return constants is not None

    def _is_used_before(self, variable: Tensor, op: Op) -> bool:
        return self._first_uses[variable.index] != op.index

    @cached_property
    def _first_uses(self) -> dict[int, int]:
        """The index of the first op that reads or writes it, by variable."""
        found: dict[int, int] = {}
        for op in self.graph.ops:
            for t in (*op.inputs, *op.outputs):
                if t is not None and t.is_variable:
                    found.setdefault(t.index, op.index)
        return found

    def _rebuilt(self, ops: list[Op], folded: list[Op]) -> Graph:
        if not folded and all(a is b for a, b in zip(ops, self.graph.ops, strict=True)) and not self.now:
            return self.graph
        now = self.now
        return evolve(
            self.graph,
            tensors=tuple(now.get(t.index, t) for t in self.graph.tensors),
            ops=tuple(ops),
            inputs=tuple(now.get(t.index, t) for t in self.graph.inputs),
            outputs=tuple(now.get(t.index, t) for t in self.graph.outputs),
            folded=tuple(folded),
        )


def _is_constant(op: Op) -> bool:
    if op.name in RANDOM_OPS or is_core_op(op.name) or not op.inputs:
        return False
    given = [t for t in op.inputs if t is not None]
    if any(t.shape is None for t in op.outputs):
        return False
    if any(t.is_variable for t in op.outputs) and not _is_written_once(op):
        return False  # a variable is read by the next run, too
    if op.name in _ONLY_SHAPES:
        return all(t.shape is not None for t in given)
    return all(t.is_constant and not t.is_variable for t in given)


def _arrays(op: Op, results: Any) -> list[np.ndarray]:
    found = listed(results)
    if len(found) != len(op.outputs) or not all(isinstance(r, (np.ndarray, np.generic)) for r in found):
        raise Unfit(f"{len(op.outputs)} arrays are needed, found {shown(results)}")
    return [np.asarray(r) for r in found]


class _Results:
    """The results of one folded op, computed when first asked for, once for all its outputs."""

    def __init__(self, op: Op, compute: Callable[[], Sequence[np.ndarray]], spending: Spending) -> None:
        self._op = op
        self._compute = compute
        self._spending: Spending | None = spending  # None: counted
        self._arrays: Sequence[np.ndarray] | None = None

    def output(self, i: int) -> np.ndarray:
        arrays = self._arrays
        if arrays is None:
            if self._spending is not None:
                self._spending.add(self._op)
                self._spending = None
            arrays = self._arrays = self._compute()
            self._release_inputs()
        tensor = self._op.outputs[i]
        found: np.ndarray = arrays[i].view()
        if found.shape != tensor.shape:
            wanted, given = shape_text(tensor.shape), shape_text(found.shape)
            raise InputError(f"{self._op} needs to give shape {wanted}, found {given}")
        found.flags.writeable = False
        return found

    def _release_inputs(self) -> None:
        """Give back the pages of the file that were read for this."""
        if self._op.name not in _ONLY_SHAPES:
            for t in self._op.inputs:
                if t is not None and t.data is not None:
                    release(t.data)

    def forget(self) -> None:
        self._arrays = None


@frozen
class _Output:
    """One of them."""

    results: _Results
    number: int

    def __call__(self) -> np.ndarray:
        return self.results.output(self.number)

    def forget(self) -> None:
        self.results.forget()


def _empty_ones(graph: Graph) -> dict[int, Tensor]:
    """Return, as constants, tensors of no values that nobody makes, by index: an op may read them."""
    empty = [t for t in graph.tensors if t.shape is not None and 0 in t.shape and not t.is_constant]
    if not empty:
        return {}
    made = {t.index for t in (*graph.inputs, *(t for op in graph.ops for t in op.outputs))}
    return {
        t.index: evolve(t, data=np.zeros(t.shape or (), DTYPES[t.dtype].numpy))
        for t in empty
        if not t.is_variable and t.index not in made
    }


def _constant(op: Op, i: int) -> np.ndarray | None:
    t = op.inputs[i]
    return None if t is None else t.data


def _declared(op: Op, given: Sequence[Shape]) -> list[Shape]:
    """Return the file's shapes of what a core op makes; None where the file leaves a size open.

    Source: tflite/kernels/hashtable_find.cc; read_variable.cc, where a shape of () may be any shape.
    """
    if op.name == "HASHTABLE_FIND":
        return [given[1] if len(given) > 1 else None] * len(op.outputs)  # without keys it will not run
    read = op.name == "READ_VARIABLE"
    is_open = [-1 in (t.shape_signature or ()) or (read and not t.shape) for t in op.outputs]
    return [None if is_open[i] else t.shape for i, t in enumerate(op.outputs)]


def _merge(shapes: Sequence[Shape]) -> Shape:
    return shapes[0] if all(s == shapes[0] for s in shapes) else None


def _merged(a: Inputs, b: Inputs) -> Inputs:
    return tuple(x.or_of(y) for x, y in zip(a, b, strict=False))


def _unbounded(given: Inputs) -> Inputs:
    return tuple(Given(g.shape, g.dtype) for g in given)


def _with_ranges(given: Inputs, ranges: Sequence[Range]) -> Inputs:
    return tuple(Given(g.shape, g.dtype, r) for g, r in zip(given, ranges, strict=True))


def _result_types(op: Op, given: Sequence[Tensor]) -> list[str]:
    """Return the types of an op's outputs where what it calls gives these: the file's where it gives none.

    LiteRT makes an output of IF, WHILE and composites what a callee gives; of WHILE only where it fits
    into the memory of what the file claims, unless a run takes the memory: of strings and of open shapes.
    """
    claimed, found = [t.dtype for t in op.outputs], [t.dtype for t in given]
    if op.name in _KEEP_CLAIMS:
        return claimed
    if op.name in LOOPS and not any(t.dtype == "string" or t.shape is None for t in given):
        found = [_as_wide(a, b) for a, b in zip(found, claimed, strict=False)]
    return [*found, *claimed[len(found) :]][: len(claimed)]


def _as_wide(found: str, claimed: str) -> str:
    """Return the type found, or the one claimed where that has other memory; strings have none yet."""
    bits = DTYPES[claimed].bits
    return claimed if bits and bits != DTYPES[found].bits else found


def _is_written_once(op: Op) -> bool:
    """Say whether LiteRT runs an op of constants in the first run alone.

    Source: tflite/kernels/dequantize.h (float_dequantized_weights_initialized). The states of LSTMs in
    float16 models begin so.
    """
    return op.name == "DEQUANTIZE"


def _filled(tensor: Tensor, value: Callable[[], np.ndarray]) -> Tensor:
    """Return a tensor with a value: a constant, or a variable that begins with it."""
    return evolve(tensor, begins=value) if tensor.is_variable else evolve(tensor, data=value)
