"""Run a plan: partitions prepared once, values in numbered slots, each freed after its last reader."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import profile
from ..contract import CORE, Delegate, Instruction, Partition, Plan, Slots, SubgraphPlan, has_unknown_shape
from ..contract.asking import ask_or, owner, tell
from ..contract.guard import Unfit, said, shown
from ..errors import ShapeError
from ..model import Graph, Tensor, callers_first, same_value
from ..partition import DEFAULT_BUDGET, Budget, held
from ..text import shape_text
from ..values import evolve, frozen
from . import control_flow as control
from .device_values import read_only
from .direct import Whole
from .failures import where
from .partition_run import Deferred, Ready, RunPart, core, let_go, memory_of, prepared, timed
from .state import Transaction

if TYPE_CHECKING:
    from ..contract import Run


_Runs = dict[tuple[int, int], list[tuple[Partition, "Run"]]]  # by subgraph and first op


@frozen(hash=False)
class Frame:
    """What one run of a subgraph left behind."""

    outputs: list[Any]  # in the order of the graph's outputs
    values: Mapping[int, Any]  # by tensor index: the outputs, or all tensors where all are kept


class Executor:
    """Prepares and runs the subgraphs of a plan.

    :param keep_all: whatever a partition computes leaves it, and nothing is freed.
    :param before: the executor of an earlier plan of the same model: partitions that are as they were keep
        their run functions.
    """

    def __init__(
        self,
        plan: Plan,
        keep_all: bool = False,
        budget: Budget = DEFAULT_BUDGET,
        before: Executor | None = None,
    ) -> None:
        self.plan = plan
        self.keep_all = keep_all
        self.budget = budget
        self.frames: dict[int, Frame] = {}  # of the last run; of called subgraphs, too, with keep_all
        self.graphs = [sub.graph for sub in plan.subgraphs]
        self._asking = [d for d in _at_work(plan) if type(d).running is not Delegate.running]
        self._bodies: dict[int, _Body] = {}
        self._wholes: dict[int, Whole | None] = {}
        self.deferred: list[Deferred] = []
        self.homes: dict[tuple[int, int], np.ndarray] = {}  # where runs read inputs, by subgraph
        self._called = {j for i in range(len(plan.subgraphs)) for j in plan.called_by_core(i)}
        self._prepared: _Prepared = _Prepared(before._prepared if before else None)
        if before is not None:
            before._release_deferred()

    def prepare(self, subgraph: int = 0) -> bool:
        """Prepare a subgraph and all that it calls; return whether there was anything to do.

        :raises DelegateFailed: a delegate could not prepare its part.
        """
        if subgraph in self._bodies:
            return False
        wanted = callers_first([subgraph], self.plan.called_by_core)
        for index in wanted[::-1]:
            if index not in self._bodies:
                self._bodies[index] = _Body(self, self.plan.subgraphs[index])
        self._prepared.release_earlier(wanted)
        return True

    def run(self, subgraph: int, state: Transaction, inputs: Sequence[Any]) -> Frame:
        """Run a subgraph; the frame is in ``frames``, too.

        :param inputs: one value per input of the graph; they are not written.
        :raises DelegateFailed: a delegate raised, or did not return what was planned.
        """
        self.frames = {}
        self.prepare(subgraph)
        scopes = [_Running(d) for d in self._asking]
        try:
            try:
                for scope in scopes:
                    scope.begin()
                frame = self.frames[subgraph] = self._bodies[subgraph].run(state, inputs)
            except BaseException as e:
                _end(scopes, e)
                raise
            _end(scopes)
        except KeyboardInterrupt as e:
            _end(scopes, e)  # it may have come before an end did anything
            raise
        return frame

    def call(self, subgraph: int, state: Transaction, inputs: Sequence[Any]) -> list[Any]:
        """Run a subgraph on behalf of an op; return the values of its outputs."""
        frame = self._bodies[subgraph].run(state, inputs)
        if self.keep_all:
            self.frames[subgraph] = frame
        return frame.outputs

    def whole(self, subgraph: int) -> Whole | None:
        """Return what runs a prepared subgraph directly; None where core has something to do besides."""
        if subgraph not in self._wholes:
            self._wholes[subgraph] = self._whole(self.plan.subgraphs[subgraph])
        return self._wholes[subgraph]

    def _whole(self, plan: SubgraphPlan) -> Whole | None:
        if self.keep_all or self._asking or len(plan.partitions) != 1:
            return None
        (partition,) = plan.partitions
        if partition.label == CORE or partition.deferred:
            return None
        ready = Ready(partition, self.run_function(partition))
        return Whole.of(plan, ready, _results(self.plan, plan.graph))

    def run_function(self, partition: Partition) -> Run:
        """Return a partition's run function, an earlier one if it still fits."""
        run = self._prepared.find(partition) or self._prepared.keep(partition, prepared(partition))
        if partition.subgraph not in self._called:  # calls would overwrite what the caller's inputs hold
            for t, memory in zip(partition.inputs, memory_of(partition, run), strict=False):
                if memory is not None:
                    self.homes.setdefault((partition.subgraph, t.index), memory)
        return run

    def release(self) -> None:
        """Let go of all that is prepared; nothing is run after it."""
        self._release_deferred()
        self._prepared.release()

    def _release_deferred(self) -> None:
        while self.deferred:
            self.deferred.pop().release()


def _at_work(plan: Plan) -> list[Delegate]:
    """Return the delegates that have something to run; an op without shapes may go to any of them."""
    parts = [p for sub in plan.subgraphs for p in sub.partitions]
    with_parts = {id(p.delegate) for p in parts}
    is_open = any(p.deferred for p in parts)
    return [d for d in plan.delegates if is_open or id(d) in with_parts]


def _end(scopes: Sequence[_Running], e: BaseException | None = None) -> None:
    for scope in scopes[::-1]:
        scope.end(e)


class _Running:
    """What one delegate wants to hold during a run; where that fails, its partitions run without it.

    No ``with``: a Ctrl-C at its edges would leave the end to whoever drops the traceback.
    """

    __slots__ = ("_delegate", "_scope")

    def __init__(self, delegate: Delegate) -> None:
        self._delegate = delegate
        self._scope: AbstractContextManager[object] | None = None  # to be left

    def begin(self) -> None:
        self._scope = ask_or(self._delegate, "running", self._entered, None)

    def _entered(self, scope: Any) -> AbstractContextManager[object]:
        if not isinstance(scope, AbstractContextManager):
            raise Unfit(f"a context manager, found {shown(scope)}")
        self._scope = scope  # a Ctrl-C may come when all is entered, and nothing returned
        scope.__enter__()
        return scope

    def end(self, raised: BaseException | None) -> None:
        """Leave it; once more, if a Ctrl-C kept this from its end."""
        if self._scope is not None:
            exc = (None, None, None) if raised is None else (type(raised), raised, raised.__traceback__)
            try:
                self._scope.__exit__(*exc)
            except BaseException as e:
                if e is not raised:
                    tell(
                        self._delegate, f"running() of {owner(self._delegate)} failed at its end: {said(e)}"
                    )
            self._scope = None


class _Body:
    """A subgraph, ready to run."""

    def __init__(self, executor: Executor, plan: SubgraphPlan) -> None:
        slots = Slots()
        self.graph = plan.graph
        self.program = [part for p in plan.partitions for part in _instructions(executor, p, slots)]
        self.entries = slots.all_of(plan.graph.inputs)
        self.exits = slots.all_of(plan.graph.outputs)
        self.kept = {t.index: slots.of(t) for t in _results(executor.plan, plan.graph)}
        self.variables = [(slots.of(t), (plan.graph.index, t.index), t) for t in slots.variables]
        if executor.keep_all:
            self.kept = slots.numbers
        else:
            slots.free_early(self.program, {*self.kept.values(), *(v[0] for v in self.variables)})
        self.template = slots.template
        # What a run holds is known beforehand but for these.
        self.made = {slot for part in self.program for slot in part.writes}
        self.is_counted = any(has_unknown_shape(op) for part in self.program for op in part.source.ops)

    def run(self, state: Transaction, inputs: Sequence[Any]) -> Frame:
        values = self.template.copy()
        for slot, tensor, value in zip(self.entries, self.graph.inputs, inputs, strict=True):
            if tensor.shape is not None and value.shape != tensor.shape:
                raise self._shape_error(tensor, value)
            values[slot] = value
        for slot, key, tensor in self.variables:
            values[slot] = read_only(state.variable(key, tensor))
        (self._run_counted if self.is_counted else self._run_program)(state, values)
        for slot, key, _ in self.variables:
            state.variables[key] = values[slot]
        return Frame([values[s] for s in self.exits], {i: values[s] for i, s in self.kept.items()})

    def _run_program(self, state: Transaction, values: list[Any]) -> None:
        events = profile.listener()
        for part in self.program:
            given = [values[slot] for slot in part.reads]
            results = part.run(state, given) if events is None else timed(part, state, given, events)
            for slot, value in zip(part.writes, results, strict=True):
                values[slot] = value
            for slot in part.frees:
                values[slot] = None

    def _run_counted(self, state: Transaction, values: list[Any]) -> None:
        """Run, and count what the values take whose size only the run shows."""
        events = profile.listener()
        before = state.live
        state.live += sum(
            held(values[s]) for s, t in zip(self.entries, self.graph.inputs, strict=True) if t.shape is None
        )
        for part in self.program:
            given = [values[slot] for slot in part.reads]
            results = part.run(state, given) if events is None else timed(part, state, given, events)
            for slot, value in zip(part.writes, results, strict=True):
                values[slot] = value
                state.live += held(value)
            if state.live > state.most:
                state.check_live(f"{where(part.source)}: a run holds")
            for slot in part.frees:
                if slot in self.made:
                    state.live -= held(values[slot])
                values[slot] = None
        state.live = before

    def _shape_error(self, tensor: Tensor, value: Any) -> ShapeError:
        return ShapeError(
            f"subgraph {self.graph.index} {self.graph.name!r} is planned for shape "
            f"{shape_text(tensor.shape)} of its input {tensor.index} {tensor.name!r}, "
            f"found {shape_text(value.shape)}"
        )


def _results(plan: Plan, graph: Graph) -> list[Tensor]:
    """Return the outputs of a subgraph, and what else signatures name as results of it."""
    named = {i for s in plan.model.signatures if s.subgraph == graph.index for i in s.outputs.values()}
    return [*graph.outputs, *(graph.tensors[i] for i in named)]


def _instructions(executor: Executor, partition: Partition, slots: Slots) -> list[Instruction[Partition]]:
    """Return one instruction, or one per op where core runs the ops or shapes are not known."""
    if partition.label == CORE:
        return [_core(executor, partition.of_op(op), slots) for op in partition.ops]
    if partition.deferred:
        return [_deferred(executor, partition.of_op(op), slots) for op in partition.ops]
    if executor.keep_all:
        partition = evolve(partition, outputs=tuple(t for op in partition.ops for t in op.outputs))
    return [_instruction(partition, slots, Ready(partition, executor.run_function(partition)).results)]


def _core(executor: Executor, partition: Partition, slots: Slots) -> Instruction[Partition]:
    (op,) = partition.ops
    results = core(partition, control.prepare(op, executor.graphs, executor.call))
    return Instruction(partition, results, slots.all_of(op.inputs), slots.all_of(op.outputs))


def _deferred(executor: Executor, partition: Partition, slots: Slots) -> Instruction[Partition]:
    deferred = Deferred(partition, executor.plan.delegates, executor.budget)
    executor.deferred.append(deferred)
    return _instruction(partition, slots, deferred.results)


def _instruction(partition: Partition, slots: Slots, results: RunPart) -> Instruction[Partition]:
    writes = (*partition.outputs, *partition.variables)
    return Instruction(partition, results, slots.all_of(partition.inputs), slots.all_of(writes))


class _Prepared:
    """Run functions of partitions, kept from one plan to the next."""

    def __init__(self, before: _Prepared | None) -> None:
        self._before: _Runs = before._all() if before else {}
        self._now: _Runs = {}

    def find(self, partition: Partition) -> Run | None:
        for runs in (self._now, self._before):
            for i, (old, run) in enumerate(known := runs.get(_place(partition), [])):
                if _same(old, partition):
                    del known[i]
                    return self.keep(partition, run)
        return None

    def keep(self, partition: Partition, run: Run) -> Run:
        self._now.setdefault(_place(partition), []).append((partition, run))
        return run

    def release_earlier(self, subgraphs: Collection[int]) -> None:
        """Let go of what an earlier plan had for these subgraphs, and this one has not found again."""
        for place in [place for place in self._before if place[0] in subgraphs]:
            _release(self._before.pop(place))

    def release(self) -> None:
        for runs in (self._before, self._now):
            while runs:
                _release(runs.popitem()[1])

    def _all(self) -> _Runs:
        places = [*self._before, *self._now]
        return {place: [*self._before.get(place, ()), *self._now.get(place, ())] for place in places}


def _release(runs: list[tuple[Partition, Run]]) -> None:
    while runs:
        let_go(*runs.pop())


def _place(partition: Partition) -> tuple[int, int]:
    return partition.subgraph, partition.ops[0].index


def _same(a: Partition, b: Partition) -> bool:
    """Say whether what was prepared for ``a`` serves ``b``: same delegate, ops, shapes and constants."""
    if a.delegate is not b.delegate or a != b:
        return False
    pairs = zip(a.ops, b.ops, strict=True)
    return all(_same_constant(s, t) for p, q in pairs for s, t in zip(p.inputs, q.inputs, strict=True))


def _same_constant(a: Tensor | None, b: Tensor | None) -> bool:
    """Compare folded constants; those of the file do not change while the model is the same."""
    if a is None or b is None or a is b or not (a.is_constant or b.is_constant):
        return True
    if a.is_constant != b.is_constant:
        return False
    return bool(a.buffer) or same_value(a.data, b.data)
