"""A model with its delegates, in use: planned for the shapes asked for, prepared, run, its state kept.

What the interpreter's methods do, without their checks of arguments and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from .. import profile
from ..contract import Delegate, Plan, Refusal, SubgraphPlan, types_of
from ..contract.asking import decided
from ..errors import DelegateFailed, InputError, ShapeError, StateError
from ..log import fallbacks_unsaid, logger
from ..model import Graph, Model, Op, Shape, Tensor, called_by_ops, changes_state, is_core_op
from ..partition import Budget, Decisions, MemoryEstimate, specialize
from ..partition import memory_estimate as memory
from ..patience import at_first
from ..values import evolve
from .device_values import OwnedValue, as_array, read_only
from .direct import Given, Whole
from .executor import Executor
from .input_values import is_plain
from .slow_runs import SlowRuns
from .state import Key, State, Transaction, zeros

Results = dict[int, dict[int, Any]]  # values by subgraph and tensor
PRESERVE = "experimental_preserve_all_tensors"


class Session:
    """Everything of one interpreter that changes.

    :param partition: ``delegraph.partition.partition`` with its settings filled in: it takes a model, the
        delegates and the refusals known beforehand.
    :param one_by_one: run each op alone, in the file's order.
    :param go_on: when a delegate fails, give its ops to the next one.
    :param device_outputs: do not read back what a run leaves on a device.
    """

    @at_first
    def __init__(
        self,
        model: Model,
        delegates: Sequence[Delegate],
        partition: Callable[..., Plan],
        *,
        keep_all: bool,
        one_by_one: bool,
        go_on: bool,
        budget: Budget,
        device_outputs: bool = False,
    ) -> None:
        self.model = model
        self.delegates = list(delegates)
        self.keep_all = keep_all
        self.state = State(budget)
        self.slow_runs: SlowRuns | None = None  # who wants to know how long runs take
        self._partition = partition
        self._one_by_one = one_by_one
        self._go_on = go_on
        self._device_outputs = device_outputs
        self._budget = budget
        self._shapes: dict[Key, tuple[int, ...]] = {}  # asked for by resize
        self._refused: dict[Key, dict[str, tuple[Refusal, ...]]] = {}  # what failed, by op
        self._specialized: Model | None = None
        self._decisions = Decisions()  # on the ops of the specialized model
        self._plan: Plan | None = None
        self._executor: Executor | None = None
        self._allocated: set[int] = set()
        self._buffers: dict[Key, np.ndarray | OwnedValue] = {}  # values of inputs
        self._plain: dict[Key, np.ndarray] = {}  # those that any array of their dtype and shape fits
        self._handed: dict[Key, np.ndarray] = {}  # views of them that cannot be written
        self._direct: dict[int, tuple[Whole, Given]] = {}  # subgraphs that one delegate runs as a whole
        self._results: Results = {}  # of the last run
        self._changed: set[int] = set()  # subgraphs with an input that was set since the last run
        self._graphs: Sequence[Graph] = model.subgraphs  # as last planned
        self._check_ops()

    @property
    def plan(self) -> Plan:
        """The plan for the shapes asked for; made now if there is none."""
        if self._plan is None:
            self._plan = self._planned()
            self._graphs = [sub.graph for sub in self._plan.subgraphs]
        return self._plan

    def graph(self, subgraph: int) -> Graph:
        """Return a subgraph as it was planned last; as the file has it before that."""
        return self._graphs[subgraph]

    def shape(self, subgraph: int, tensor: Tensor) -> Shape:
        """Return a tensor's shape as it is known now."""
        key = (subgraph, tensor.index)
        if key in self._shapes:
            return self._shapes[key]
        if tensor.shape is not None:
            return tensor.shape
        found = self._results.get(subgraph, {}).get(tensor.index)
        return self.model.subgraphs[subgraph].tensors[tensor.index].shape if found is None else found.shape

    def resize(self, subgraph: int, index: int, shape: tuple[int, ...]) -> None:
        """Ask for another shape of an input; it takes effect with the next :meth:`allocate`."""
        if shape == self.shape(subgraph, self.graph(subgraph).tensors[index]):
            return
        self._shapes[subgraph, index] = shape
        self._forget_plan()
        self._specialized = None
        self._allocated.discard(subgraph)
        self._buffers.pop((subgraph, index), None)
        self._plain.clear()  # an input has no memory while its subgraph is not allocated

    def release(self) -> None:
        """Let go of what delegates have prepared, and of memory that may be theirs."""
        for values in (self._buffers, self._plain, self._handed, self._direct):
            values.clear()
        if self._executor is not None:
            self._executor.release()

    def allocate(self, subgraph: int = 0) -> None:
        """Plan and prepare a subgraph, and reset its variables; if nothing has changed, do nothing."""
        if not self.is_ready(subgraph):
            self._prepare(subgraph)
            self.state.reset_variables(subgraph)
            self._results.pop(subgraph, None)
            self._allocated.add(subgraph)

    def is_ready(self, subgraph: int) -> bool:
        """Say whether a subgraph is allocated for the shapes asked of it."""
        return subgraph in self._allocated

    def add_delegate(self, delegate: Delegate, position: int) -> None:
        """Take another delegate in; what was allocated stays so, with inputs and state."""
        self.delegates.insert(position, delegate)
        self._forget_plan()
        self._specialized = None
        for subgraph in self._allocated:
            self._prepare(subgraph)

    def keep(self, subgraph: int, index: int) -> None:
        """Keep a tensor that runs have freed: from now on it is an output of its subgraph.

        The run is repeated, so that its values are there at once; with state, or other inputs, that would
        give those of another run.

        :raises StateError: they come with the next run.
        """
        tensor = self.graph(subgraph).tensors[index]
        if not self._is_freed(subgraph, tensor) or self._is_called(subgraph):
            return
        ops = (op for graph in self.model.subgraphs for op in graph.ops)
        again = subgraph not in self._changed and not any(map(changes_state, ops))
        graph = self.model.subgraphs[subgraph]
        kept = evolve(graph, outputs=(*graph.outputs, graph.tensors[index]))
        graphs = [kept if g is graph else g for g in self.model.subgraphs]
        self.model = evolve(self.model, subgraphs=tuple(graphs))
        self._forget_plan()
        self._specialized = None
        self._prepare(subgraph)
        what = f"tensor {index} {tensor.name!r} was freed after its last reader, and is kept from now on"
        if not again:
            raise StateError(f"{what}; its values come with the next run of the model")
        logger.warning("%s: the model is planned again, and the run repeated", what)
        self.run(subgraph)

    def _forget_plan(self) -> None:
        self._plan = None
        self._direct.clear()

    def _is_called(self, subgraph: int) -> bool:
        return any(subgraph in called_by_ops(graph.ops) for graph in self.model.subgraphs)

    def _is_freed(self, subgraph: int, tensor: Tensor) -> bool:
        """Say whether a run has computed a tensor and let go of it."""
        kept = self._results.get(subgraph)
        if kept is None or tensor.index in kept or tensor.is_constant or tensor.is_variable:
            return False
        return any(t.index == tensor.index for op in self.graph(subgraph).ops for t in op.outputs)

    def run(self, subgraph: int) -> None:
        """Run a subgraph on the values of its inputs. State changes only if the run completes."""
        self._changed.discard(subgraph)
        direct = self._direct.get(subgraph)
        if direct is not None and self.slow_runs is None and profile.listener() is None:
            self._results.pop(subgraph, None)
            if self._run_direct(subgraph, *direct):
                return
        inputs = [self._read_only(subgraph, t) for t in self.graph(subgraph).inputs]
        self._results.pop(subgraph, None)
        start = perf_counter()
        state, results = self._run(subgraph, inputs)
        if self.slow_runs is not None and self.slow_runs.is_done(perf_counter() - start):
            self.slow_runs = None
        state.commit()
        self._results.update(results)
        assert self._executor is not None
        whole = self._executor.whole(subgraph)
        if whole is not None and (given := whole.given(inputs)) is not None:
            self._direct[subgraph] = whole, given

    def _run_direct(self, subgraph: int, whole: Whole, given: Given) -> bool:
        """Run what a delegate runs as a whole; return False where it failed and the next one is asked."""
        state = self.state.begin() if whole.variables else None
        try:
            results = whole.run(state, given, on_host=not self._device_outputs)
            for index, value in results.items():
                if type(value) is not OwnedValue:
                    results[index] = _own(value, given)
                elif self._device_outputs:
                    value.wait()
                else:
                    value.array()  # which it keeps
            if state is not None:
                state.variables = _apart(state.variables, given)
                self._complete((), (state.variables,))
        except DelegateFailed as e:
            self._give_up(e)
            return False
        if state is not None:
            state.commit()
        self._results[subgraph] = results
        return True

    def buffer(self, subgraph: int, tensor: Tensor) -> np.ndarray | OwnedValue:
        """Return what holds an input's values: memory, zeros at first, or a device value passed in."""
        key = (subgraph, tensor.index)
        if key not in self._buffers:
            if tensor.shape is None:
                raise StateError(
                    f"input {tensor.index} {tensor.name!r} has no values yet; set_tensor() gives it some"
                )
            self._hold(key, zeros(tensor))
            self._settle(key)
        return self._buffers[key]

    def _settle(self, key: Key) -> None:
        """Keep an input where the run function that reads it has memory for it: it is not copied then."""
        memory = self._buffers.get(key)
        home = None if self._executor is None else self._executor.homes.get(key)
        if home is memory or not isinstance(memory, np.ndarray):
            return
        self._plain.pop(key, None)
        if home is None:  # memory that is not its own would keep alive what is not run any more
            self._hold(key, memory if memory.base is None else memory.copy())
        else:
            np.copyto(home, memory)
            self._hold(key, home)

    def _hold(self, key: Key, value: np.ndarray | OwnedValue) -> None:
        """Take this for an input's values from now on."""
        self._direct.pop(key[0], None)
        self._buffers[key] = value

    def _read_only(self, subgraph: int, tensor: Tensor) -> np.ndarray | OwnedValue:
        """Return an input's values as a run gets them: the same view as long as the memory is the same.

        A delegate may know the memory again by it.
        """
        memory = self.buffer(subgraph, tensor)
        if isinstance(memory, OwnedValue):
            return memory
        view = self._handed.get((subgraph, tensor.index))
        if view is None or view.base is not memory:
            view = self._handed[subgraph, tensor.index] = read_only(memory)
        return view

    def set_value(self, subgraph: int, index: int, value: np.ndarray | OwnedValue) -> None:
        """Copy values into an input or a variable; a device value is taken as it is."""
        self._changed.add(subgraph)
        tensor, key = self.graph(subgraph).tensors[index], (subgraph, index)
        if tensor.is_variable:
            self.state.set_variable(key, value if isinstance(value, OwnedValue) else value.copy())
        elif isinstance(value, OwnedValue):
            self._hold(key, value)
            self._plain.pop(key, None)
        elif tensor.shape is None or not isinstance(memory := self.buffer(subgraph, tensor), np.ndarray):
            self._hold(key, value.copy())
        else:
            np.copyto(memory, value)
            if is_plain(tensor):
                self._plain[key] = memory

    def copied_in(self, key: Key, value: Any) -> bool:
        """Copy an array into an input that has had just such an array before; say whether that was done."""
        memory = self._plain.get(key)
        if not _is_alike(value, memory):
            return False
        self._changed.add(key[0])
        memory[...] = value  # type: ignore[index]
        return True

    def all_copied_in(self, subgraph: int, values: Iterable[tuple[int, Any]]) -> bool:
        """Copy arrays into inputs, by tensor index: all of them as :meth:`copied_in` does, or none."""
        if not self.is_ready(subgraph):
            return False
        pairs = [(self._plain.get((subgraph, index)), value) for index, value in values]
        for before, value in pairs:  # no generator: what interrupts one while it is closed is lost
            if not _is_alike(value, before):
                return False
        self._changed.add(subgraph)
        for before, value in pairs:
            before[...] = value  # type: ignore[index]
        return True

    def copied_out(self, subgraph: int, index: int) -> np.ndarray | None:
        """Return a copy of a result of a subgraph that a delegate runs as a whole; None: it is none."""
        if subgraph not in self._direct or subgraph not in self._results:
            return None
        found = self._results[subgraph].get(index)
        return None if found is None else as_array(found).copy()

    def value(self, subgraph: int, index: int, own: bool = False) -> np.ndarray:
        """Return the values of a tensor, where they are.

        :param own: in memory that belongs to this session alone, so that the caller may write to it.
        :raises StateError: they are not there yet, or not any more.
        """
        tensor = self.graph(subgraph).tensors[index]
        if self.is_ready(subgraph):
            if tensor.is_variable:
                return self._variable(subgraph, tensor, own)
            if self.is_input(subgraph, tensor):
                return self._input(subgraph, tensor, own)
        if tensor.is_constant:
            return _not_none(tensor.data)
        found = as_array(self._result(subgraph, tensor))
        if own:
            found = self._results[subgraph][index] = np.array(found)
        return found

    def device_value(self, subgraph: int, index: int) -> Any:
        """Return a tensor's device value, as its delegate made it; None if its values are on the host."""
        tensor = self.graph(subgraph).tensors[index]
        if tensor.is_variable:
            found = self.state.variable((subgraph, index), tensor)
        elif self.is_input(subgraph, tensor):
            found = self.buffer(subgraph, tensor)
        else:
            found = tensor.data if tensor.is_constant else self._result(subgraph, tensor)
        return found.value if isinstance(found, OwnedValue) else None

    def is_input(self, subgraph: int, tensor: Tensor) -> bool:
        return tensor.index in [t.index for t in self.graph(subgraph).inputs]

    def memory(self, subgraph: int) -> MemoryEstimate:
        return memory.estimate(self.plan, subgraph, self.keep_all)

    def _input(self, subgraph: int, tensor: Tensor, own: bool) -> np.ndarray:
        found = self.buffer(subgraph, tensor)
        if own:  # whoever has it may write to it
            self._changed.add(subgraph)
        if own and isinstance(found, OwnedValue):
            found = found.array().copy()
            self._hold((subgraph, tensor.index), found)
        return as_array(found)

    def _variable(self, subgraph: int, tensor: Tensor, own: bool) -> np.ndarray:
        key = (subgraph, tensor.index)
        found = as_array(self.state.variable(key, tensor))
        if own:
            found = found.copy()
            self.state.set_variable(key, found)
        return found

    def _result(self, subgraph: int, tensor: Tensor) -> Any:
        results = self._results.get(subgraph, {})
        if tensor.index not in results:
            raise self._missing(subgraph, tensor)
        return results[tensor.index]

    def _missing(self, subgraph: int, tensor: Tensor) -> StateError | InputError:
        what = f"tensor {tensor.index} {tensor.name!r} has no values"
        if not self.is_ready(subgraph):
            return StateError(f"{what}: call allocate_tensors() and invoke() first")
        if not any(t.index == tensor.index for op in self.graph(subgraph).ops for t in op.outputs):
            return InputError(f"{what}: no op computes it")
        if subgraph not in self._results:
            return StateError(f"{what}: no run of the model has completed since allocate_tensors()")
        return InputError(
            f"{what} any more: it was freed after its last reader. {PRESERVE}=True keeps every tensor"
        )

    def _run(self, subgraph: int, inputs: list[np.ndarray | OwnedValue]) -> tuple[Transaction, Results]:
        while True:
            executor = self._prepare(subgraph)
            state = self.state.begin()
            try:
                frame = executor.run(subgraph, state, inputs)
                frames, executor.frames = executor.frames, {}  # which would hold what they have
                state.variables = _apart(state.variables, inputs)
                state.resources = _apart(state.resources, inputs)
                results = {i: _apart(f.values, inputs) for i, f in frames.items()}
                self._complete(frame.outputs, [state.variables, state.resources, *results.values()])
            except DelegateFailed as e:
                self._give_up(e)
            else:
                return state, results

    def _complete(self, outputs: Sequence[Any], kept: Iterable[Mapping[Any, Any]]) -> None:
        """Read outputs back, and wait for what stays on a device."""
        if not self._device_outputs:
            for value in outputs:
                as_array(value)  # a device value keeps what was read back
        for values in kept:
            for value in values.values():
                if type(value) is OwnedValue:
                    value.wait()

    @at_first
    def _prepare(self, subgraph: int) -> Executor:
        """Return an executor that has a subgraph prepared."""
        while True:
            plan = self.plan
            if self._executor is None or self._executor.plan is not plan:
                plan.check_complete()
                self._budget.check_plan(plan, subgraph, self.keep_all)
                self._executor = Executor(plan, self.keep_all, self._budget, self._executor)
            try:
                if self._executor.prepare(subgraph):
                    for key in [key for key in self._buffers if key[0] == subgraph]:
                        self._settle(key)
            except DelegateFailed as e:
                self._give_up(e)
            else:
                return self._executor

    def _give_up(self, failure: DelegateFailed) -> None:
        """Plan anew without the delegate that failed at some ops, or raise what happened."""
        partition = failure.partition
        if partition is None or not self._go_on:
            raise failure
        reason = Refusal("a delegate that does not fail at it", str(failure), kind="failed")
        refused = [self._refused.setdefault((partition.subgraph, op.index), {}) for op in partition.ops]
        if all(partition.label in by_label for by_label in refused):  # its values of an earlier run
            raise failure
        for by_label in refused:
            by_label[partition.label] = (reason,)
        self._forget_plan()
        with fallbacks_unsaid():  # what happened says more, also where nobody is left
            unsupported = self.plan.unsupported
        if unsupported:
            raise failure
        logger.warning("%s; the next delegate runs it", failure)

    def _planned(self) -> Plan:
        if self._specialized is None:
            self._decisions = Decisions()
            self._specialized = self._with_shapes()
        decisions, refused = self._decisions, self._refused
        plan = self._partition(self._specialized, self.delegates, refused=refused, decisions=decisions)
        return one_op_each(plan) if self._one_by_one else plan

    def _with_shapes(self) -> Model:
        try:
            return specialize(
                self.model, self._shapes, self.delegates, self._budget, self.keep_all, self._decisions
            )
        except InputError as e:
            raise ShapeError(str(e)) from e

    def _check_ops(self) -> None:
        """Refuse at once a model with a builtin op that no delegate has in any shape, as LiteRT does."""
        if any(not any(_may_take(d, op) for d in self.delegates) for op in _kinds_of_ops(self.model)):
            self.plan.check_complete()


def _is_alike(value: Any, before: np.ndarray | None) -> bool:
    if before is None or type(value) is not np.ndarray:
        return False
    return bool(value.dtype == before.dtype and value.shape == before.shape)


def _apart(values: Mapping[Any, Any], inputs: Sequence[np.ndarray | OwnedValue]) -> dict[Any, Any]:
    """Return values that outlive a run, apart from the inputs, which callers may overwrite."""
    return {key: _own(value, inputs) for key, value in values.items()} if values else {}


def _own(value: Any, inputs: Sequence[np.ndarray | OwnedValue]) -> Any:
    for x in inputs:
        if type(value) is OwnedValue:
            if value is x:
                return value.array().copy()
        elif isinstance(x, np.ndarray) and isinstance(value, np.ndarray) and _may_share(value, x):
            return value.copy()
    return value


def _may_share(value: np.ndarray, x: np.ndarray) -> bool:
    """Say whether two arrays may have memory in common; what owns its memory shares it with its views."""
    if value.flags.owndata and type(x.base) is np.ndarray:
        return x.base is value
    return np.may_share_memory(value, x)


def one_op_each(plan: Plan) -> Plan:
    """Return the plan with a partition for each op, in the file's order."""
    return evolve(plan, subgraphs=tuple(map(_split, plan.subgraphs)))


def _split(sub: SubgraphPlan) -> SubgraphPlan:
    singles = [p.of_op(op) for p in sub.partitions for op in p.ops]
    return evolve(sub, partitions=tuple(sorted(singles, key=lambda p: p.ops[0].index)))


def _kinds_of_ops(model: Model) -> Iterator[Op]:
    """Yield one builtin op of each (name, version, types) that delegates are to run, without shapes."""
    seen = set()
    for graph in model.subgraphs:
        for op in graph.ops:
            kind = (op.name, op.version, types_of(op))
            if kind not in seen and not is_core_op(op.name) and not _is_custom(model, op):
                seen.add(kind)
                yield evolve(op, inputs=tuple(t and evolve(t, shape=None) for t in op.inputs))


def _is_custom(model: Model, op: Op) -> bool:
    return op.code < len(model.operator_codes) and model.operator_codes[op.code].name == "CUSTOM"


def _may_take(delegate: Delegate, op: Op) -> bool:
    return decided(delegate, op)[0] is not None


def _not_none(data: np.ndarray | None) -> np.ndarray:
    assert data is not None
    return data
