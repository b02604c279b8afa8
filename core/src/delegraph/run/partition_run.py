"""What runs a partition: its delegate, core op by op, or a delegate op by op once the shapes are known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from numpy import ndarray

from .. import shapes
from ..contract import Fallback, Instruction, Partition, shapes_by_rows
from ..contract.asking import owner, tell
from ..contract.guard import Unfit, anything, call, listed, shown
from ..errors import DelegateFailed, DelegraphError, ModelError, PluginError, UnsupportedOps
from ..log import logger
from ..model import Op, Shape, Tensor
from ..partition import Budget, nbytes
from ..profile import Event
from ..values import evolve
from .control_flow import CoreRun
from .device_values import Expected, as_array, handed_to, packed_for, read_only, taken_from
from .failures import cause, failed, where
from .state import Transaction

if TYPE_CHECKING:
    from ..contract import Delegate, Run

KEPT_SHAPES = 8  # prepared variants of an op whose shapes only a run shows
KEPT_LIGHT = 256  # of one that holds no weights
KEPT_GIVEN = 1024  # sets of input shapes, and of values that decide shapes, whose variant is known
MOST_BYTES = 256  # of values that are looked up; of constants that an op without weights has


# results(state, values of what a partition reads) -> values for its outputs, then its variables
RunPart = Callable[[Transaction, list[Any]], Sequence[Any]]


def timed(
    part: Instruction[Partition], state: Transaction, given: list[Any], events: list[Event]
) -> Sequence[Any]:
    """Run; give the delegate's events its label, or make one event where it made none."""
    first = len(events)
    start = perf_counter()
    results = part.run(state, given)
    seconds = perf_counter() - start
    if len(events) == first:
        events.append(_event(part.source, seconds))
    for i in range(first, len(events)):
        if not events[i].delegate:
            events[i] = evolve(events[i], delegate=part.source.label)
    return results


def prepared(partition: Partition) -> Run:
    """Let the partition's delegate prepare it.

    :raises DelegateFailed: the delegate raised, or returned no function.
    """
    assert partition.delegate is not None
    try:
        return _function(partition.delegate.prepare(partition))
    except BaseException as e:
        raise failed(partition, "prepare", e) from cause(e)


def let_go(partition: Partition, run: Run) -> None:
    """Tell a run function that it will not be called again, if it wants to know: release() gives back."""
    delegate = partition.delegate
    assert delegate is not None
    what = f"release() of what {owner(delegate)} prepared"
    try:
        call(lambda: what, anything, lambda: getattr(run, "release", _nothing)())
    except PluginError as e:
        tell(delegate, str(e))


def memory_of(partition: Partition, run: Run) -> list[ndarray | None]:
    """Return where a run function reads its inputs, if it has memory of its own for them, by place."""
    delegate = partition.delegate
    assert delegate is not None
    what = f"memory of what {owner(delegate)} prepared"
    try:
        return call(lambda: what, partial(_memory, partition), lambda: getattr(run, "memory", None))
    except PluginError as e:
        tell(delegate, str(e))
        return []


def _memory(partition: Partition, answer: Any) -> list[ndarray | None]:
    found = listed(answer)
    expected = list(map(Expected.of, partition.inputs))
    if found and not (len(found) == len(expected) and all(map(_fits, found, expected))):
        raise Unfit(f"an array for each input that can be written, or None, found {shown(found)}")
    return found


def on_host_of(partition: Partition, run: Run) -> Run | None:
    """Return what runs a partition for somebody who reads its results on the host; None: run itself."""
    delegate = partition.delegate
    assert delegate is not None
    what = f"on_host of what {owner(delegate)} prepared"
    try:
        return call(lambda: what, _function_or_none, lambda: getattr(run, "on_host", None))
    except PluginError as e:
        tell(delegate, str(e))
        return None


def _function_or_none(found: Any) -> Run | None:
    if found is not None and not callable(found):
        raise Unfit(f"a function, or None, found {shown(found)}")
    return found  # type: ignore[no-any-return]


def _fits(array: Any, expected: Expected) -> bool:
    if array is None:
        return True
    if type(array) is not ndarray or not (array.flags.carray and array.flags.writeable):
        return False
    return bool(array.dtype == expected.dtype and array.shape == expected.shape)


def _nothing() -> None:
    pass


def _function(found: Any) -> Run:
    if not callable(found):
        raise TypeError(f"it needs to return a function, found {shown(found)}")
    return found  # type: ignore[no-any-return]


def run_once(partition: Partition, inputs: Sequence[ndarray]) -> list[ndarray]:
    """Let a delegate prepare a partition and run it on arrays; return its results on the host.

    :raises DelegateFailed: it failed.
    """
    run = prepared(partition)
    results = Ready(partition, run).results(None, [read_only(x) for x in inputs])
    found = list(map(as_array, results))
    let_go(partition, run)
    return found


def core(partition: Partition, run: CoreRun) -> RunPart:
    """Return the results function of one op that the interpreter itself runs."""
    expected, place = _expected(partition), where(partition)

    def results(state: Transaction, given: list[Any]) -> list[Any]:
        try:
            found = run(state, *given)
        except DelegraphError:
            raise
        except Exception as e:
            raise DelegateFailed(f"{place} failed: {type(e).__name__}: {e}") from e
        try:
            return taken_from(None, found, expected, place)
        except DelegateFailed as e:  # what it passes on is the model's
            raise ModelError(str(e)) from None

    return results


class Ready:
    """A partition and what its delegate prepared for it."""

    def __init__(self, partition: Partition, run: Run) -> None:
        self.partition = partition
        self.run = run
        self.delegate = partition.delegate
        self.handed = packed_for if self.delegate is None or self.delegate.contiguous else handed_to
        self.expected = _expected(partition)
        self.place = where(partition)

    def results(self, state: Transaction | None, given: list[Any]) -> list[Any]:
        return self.taken(self.handed(self.delegate, given))

    def taken(self, given: Sequence[Any]) -> list[Any]:
        """Return the results for values that are as the delegate may get them."""
        return self.taken_by(self.run, given)

    def taken_by(self, run: Run, given: Sequence[Any]) -> list[Any]:
        """Return the results of one of the delegate's functions for this partition."""
        try:
            return taken_from(self.partition, run(*given), self.expected, self.place)
        except BaseException as e:
            raise failed(self.partition, "run", e) from cause(e)

    def release(self) -> None:
        let_go(self.partition, self.run)


class Deferred:
    """One op whose shapes only a run shows: prepared then, for the last few shapes.

    :param partition: of this op alone, with the delegate that was planned for it.
    :param delegates: all of the plan, in order of preference.
    """

    def __init__(self, partition: Partition, delegates: Sequence[Delegate], budget: Budget) -> None:
        self.partition = partition
        self.delegates = delegates
        self.budget = budget
        (op,) = partition.ops
        weights = sum(t.nbytes or 0 for t in op.inputs if t is not None and t.is_constant)
        self._kept = KEPT_SHAPES if weights > MOST_BYTES else KEPT_LIGHT
        self._variants: OrderedDict[Any, Ready] = OrderedDict()  # by the shapes of inputs and outputs
        self._shapes_of: OrderedDict[Any, Any] = OrderedDict()  # these shapes, by what a run gives
        self._decisive: set[int] = set()  # the inputs, by tensor, whose values decide shapes

    def results(self, state: Transaction, given: list[Any]) -> list[Any]:
        known = self._shapes_of.get(self._key(given))
        if known not in self._variants:
            return self._found(state, given).results(state, given)
        self._variants.move_to_end(known)
        return self._variants[known].results(state, given)

    def release(self) -> None:
        """Let go of all variants."""
        while self._variants:
            self._variants.popitem()[1].release()

    def _key(self, given: list[Any]) -> Any:
        """Return what decides the shapes of a run; None if that is too much to look up."""
        key: list[Any] = [v.shape for v in given]
        for t, v in zip(self.partition.inputs, given, strict=True):
            if t.index in self._decisive:
                array = as_array(v)
                if array.nbytes > MOST_BYTES or array.dtype.hasobject:
                    return None
                key.append(array.tobytes())
        return tuple(key)

    def _found(self, state: Transaction, given: list[Any]) -> Ready:
        op = self._with_shapes(given)
        state.check_live(f"{op}: a run would hold", sum(map(nbytes, op.outputs)))
        shapes_key = tuple(None if t is None else t.shape for t in (*op.inputs, *op.outputs))
        variant = self._variants.pop(shapes_key, None) or self._variant(op)
        self._variants[shapes_key] = variant
        if len(self._variants) > self._kept:
            self._variants.popitem(last=False)[1].release()
        if None not in [t.shape for t in op.outputs] and (key := self._key(given)) is not None:
            self._shapes_of[key] = shapes_key
            if len(self._shapes_of) > KEPT_GIVEN:
                self._shapes_of.popitem(last=False)
        return variant

    def _with_shapes(self, given: list[Any]) -> Op:
        (op,) = self.partition.ops
        values = {t.index: v for t, v in zip(self.partition.inputs, given, strict=True)}
        inputs = [_shaped(t, values[t.index].shape) if t and t.index in values else t for t in op.inputs]
        op = evolve(op, inputs=tuple(inputs))
        outputs = [_shaped(t, shape) for t, shape in zip(op.outputs, self._shapes(op, values), strict=True)]
        for t in outputs:
            self.budget.check_tensor(t, op)
        return evolve(op, outputs=tuple(outputs))

    def _shapes(self, op: Op, values: Mapping[int, Any]) -> Sequence[Shape]:
        given = [None if t is None else t.shape for t in op.inputs]
        if shapes.has_rule(op.name):
            return shapes.infer(op, given, lambda i: self._value(op.inputs[i], values))
        try:
            found = shapes_by_rows((d.table for d in self.delegates), op, given)
        except DelegraphError as e:
            raise failed(self.partition, "find the shapes of", e) from cause(e)
        return [None] * len(op.outputs) if found is None else found

    def _value(self, tensor: Tensor | None, values: Mapping[int, Any]) -> Any:
        """Return an input's values: a constant's, or what this run gave."""
        if tensor is None or tensor.index not in values:
            return None if tensor is None else tensor.data
        if tensor.index not in self._decisive:
            self._decisive.add(tensor.index)
            self._shapes_of.clear()  # they were found before it was known to matter
        return as_array(values[tensor.index])

    def _variant(self, op: Op) -> Ready:
        now = {t.index: t for t in (*op.inputs, *op.outputs) if t is not None}
        planned = self.partition
        partition = evolve(
            planned,
            ops=(op,),
            inputs=tuple(now[t.index] for t in planned.inputs),
            outputs=tuple(now[t.index] for t in planned.outputs),
            variables=tuple(now[t.index] for t in planned.variables),
            deferred=False,
        )
        partition = self._on_a_willing_delegate(partition)
        return Ready(partition, prepared(partition))

    def _on_a_willing_delegate(self, partition: Partition) -> Partition:
        """Return the partition on the planned delegate, or the next that takes it in these shapes."""
        start = next(i for i, d in enumerate(self.delegates) if d is partition.delegate)
        refused: list[Fallback] = []
        for delegate in self.delegates[start:]:
            try:
                return partition.on(delegate)
            except UnsupportedOps as e:
                logger.warning("%s", e)
                refused += e.fallbacks
        raise UnsupportedOps("; ".join(map(str, refused)), refused)


def _expected(partition: Partition) -> tuple[Expected, ...]:
    return tuple(map(Expected.of, (*partition.outputs, *partition.variables)))


def _event(partition: Partition, seconds: float) -> Event:
    if len(partition.ops) == 1:
        (op,) = partition.ops
        return Event(op.name, seconds, op.index, partition.subgraph)
    name = f"partition of {len(partition.ops)} ops"
    return Event(name, seconds, subgraph=partition.subgraph, detail=where(partition))


def _shaped(tensor: Tensor, shape: Shape) -> Tensor:
    return tensor if shape == tensor.shape else evolve(tensor, shape=shape)
