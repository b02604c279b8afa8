"""Delegates that lie, each in one way, beside an honest one: all compute with the reference's kernels."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from delegraph import (
    Delegate,
    Op,
    OpSupport,
    Partition,
    Refusal,
    Run,
    SupportTable,
    load_delegate,
    run_op_by_op,
)
from delegraph_conformance import Subject

NAMES = ("ADD", "MUL", "RELU", "LOGISTIC", "RESHAPE", "CONCATENATION", "SUM", "TRANSPOSE")
RunOp = Callable[..., Sequence[Any]]


@cache
def honest_rows() -> tuple[OpSupport, ...]:
    """Return rows for a few ops of floats, from the reference's table."""
    table = load_delegate("reference").table
    return tuple(
        attrs.evolve(row, types=row.types, rtol=1e-5) for name in NAMES for row in table.rows_of(name)
    )


class Honest(Delegate):
    """What the others would be, if they did not lie."""

    name = "honest"

    def rows(self) -> Sequence[OpSupport]:
        return honest_rows()

    def prepare(self, partition: Partition) -> Run:
        return run_op_by_op(partition, lambda op: self.op(op, partition.rows[op.index].kernel(op)))

    def op(self, op: Op, right: RunOp) -> RunOp:
        """Return what runs an op, of what would run it right."""
        return right


class Coarse(Honest):
    """ADD is off by a thousandth, its row claims 1e-5."""

    name = "coarse"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "ADD" or op.outputs[0].dtype != "float32":
            return right
        return lambda *arrays: [np.float32(1.001) * a for a in right(*arrays)]


class WrongType(Honest):
    """RELU gives float64."""

    name = "wrong-type"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "RELU":
            return right
        return lambda *arrays: [a.astype(np.float64) for a in right(*arrays)]


class Writes(Honest):
    """Adds into its first operand, as numpy would let it if it were not read-only."""

    name = "writes"

    def op(self, op: Op, right: RunOp) -> RunOp:
        def run(x: np.ndarray, *rest: np.ndarray) -> Sequence[Any]:
            results = right(x, *rest)
            if op.name in ("ADD", "MUL", "RELU") and not _is_constant(op.inputs[0]):
                x += 1
            return results

        return run


class WritesBehind(Honest):
    """The same through the address, as code in C does."""

    name = "writes-behind"

    def op(self, op: Op, right: RunOp) -> RunOp:
        def run(x: np.ndarray, *rest: np.ndarray) -> Sequence[Any]:
            results = [np.array(a) for a in right(x, *rest)]
            if op.name in ("ADD", "MUL", "RELU") and not _is_constant(op.inputs[0]):
                _memory(x)[:] += 1
            return results

        return run


class Reuses(Honest):
    """Returns the same buffer each time."""

    name = "reuses"

    def op(self, op: Op, right: RunOp) -> RunOp:
        kept: list[np.ndarray] = []

        def run(*arrays: np.ndarray) -> Sequence[Any]:
            for i, a in enumerate(right(*arrays)):
                if i == len(kept):
                    kept.append(np.empty_like(a))
                kept[i][...] = a
            return list(kept)

        return run


class Remembers(Honest):
    """The second run adds what the first one had."""

    name = "remembers"

    def op(self, op: Op, right: RunOp) -> RunOp:
        runs = 0

        def run(*arrays: np.ndarray) -> Sequence[Any]:
            nonlocal runs
            runs += 1
            return [a + np.array(runs // 3).astype(a.dtype) for a in right(*arrays)]

        return run


class Refuses(Honest):
    """Claims TRANSPOSE of any rank and prepares it up to rank 2."""

    name = "refuses"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name == "TRANSPOSE" and len(op.inputs[0].shape) > 2:
            raise NotImplementedError("TRANSPOSE of more than two axes")
        return right


class Ignores(Honest):
    """ADD forgets its fused activation."""

    name = "ignores"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "ADD":
            return right
        return lambda x, y: [(x + y).astype(x.dtype)] if x.dtype == np.float32 else right(x, y)


class OneShape(Honest):
    """MUL is right where the last axis is a multiple of four: the rest of a row stays as it was."""

    name = "one-shape"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "MUL":
            return right

        def run(*arrays: np.ndarray) -> Sequence[Any]:
            (result,) = right(*arrays)
            if result.ndim and (rest := result.shape[-1] % 4):
                result = result.copy()
                result[..., -rest:] = 0
            return [result]

        return run


class Leaks(Honest):
    """Keeps half a mebibyte of every partition for ever."""

    name = "leaks"
    kept: list[np.ndarray] = []

    def prepare(self, partition: Partition) -> Run:
        self.kept.append(np.ones(2**16))
        return super().prepare(partition)


class Raises(Honest):
    """LOGISTIC of more than 100 values raises what nobody expects."""

    name = "raises"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "LOGISTIC":
            return right

        def run(x: np.ndarray) -> Sequence[Any]:
            return dict.fromkeys(range(100), right)[x.size](x)

        return run


class RaisesOptions(Honest):
    """An option that is checked with a bare exception, and only when the instance is made."""

    name = "raises-options"

    @attrs.frozen
    class Options:
        """How many of what."""

        level: str = "1"

    def __init__(self, options: Mapping[str, Any] | None = None, label: str | None = None) -> None:
        super().__init__({k: v for k, v in (options or {}).items() if k == "level"}, label)
        self.level = {"1": 1, "2": 2}[(options or {"level": "1"}).get("level", "3")]


class Free(Honest):
    """Divides by a rate that it does not know."""

    name = "free"

    def cost(self, op: Op) -> float | None:
        return float("nan")


class IgnoresStrides(Honest):
    """Says that it takes any strides, and reads what follows the address."""

    name = "ignores-strides"
    contiguous = False

    def prepare(self, partition: Partition) -> Run:
        run = super().prepare(partition)
        return lambda *arrays: run(*map(_packed, arrays))


class Unstored(Honest):
    """Fuses an op with the next one that reads it; what lies between is not stored, whoever reads it."""

    name = "unstored"

    def prepare(self, partition: Partition) -> Run:
        runs = [partition.rows[op.index].kernel(op) for op in partition.ops]
        fused = {
            one.outputs[0].index
            for one, following in zip(partition.ops, partition.ops[1:], strict=False)
            if one.outputs[0] in following.inputs and one.outputs[0] not in partition.outputs
        }

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            values = {t.index: a for t, a in zip(partition.inputs, inputs, strict=True)}
            last: dict[int, np.ndarray] = {}
            for op, run_op in zip(partition.ops, runs, strict=True):
                arrays = [_value(t, {**values, **last}) for t in op.inputs]
                results = {t.index: a for t, a in zip(op.outputs, run_op(*arrays), strict=True)}
                last = results
                stored = {i: a if i not in fused else np.zeros_like(a) for i, a in results.items()}
                values.update(stored)
            return tuple([values[t.index] for t in partition.outputs])

        return run


class Idle(Honest):
    """Claims every op by its rows, and takes none of them in the end."""

    name = "idle"

    def check(self, partition: Partition) -> Mapping[int, list[Refusal]]:
        return {op.index: [Refusal("fewer ops", f"{len(partition.ops)}")] for op in partition.ops}


class Kills(Honest):
    """Ends the process where a MUL runs."""

    name = "kills"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "MUL":
            return right
        return lambda *arrays: os.kill(os.getpid(), signal.SIGSEGV)


class Hangs(Honest):
    """Never comes back from a MUL."""

    name = "hangs"

    def op(self, op: Op, right: RunOp) -> RunOp:
        if op.name != "MUL":
            return right
        return lambda *arrays: time.sleep(1e6)


class StaysBusy(Honest):
    """Takes itself for busy once a run was interrupted."""

    name = "stays-busy"

    def prepare(self, partition: Partition) -> Run:
        run, busy = super().prepare(partition), [False]

        def guarded(*arrays: np.ndarray) -> tuple[Any, ...]:
            if busy[0]:
                return tuple([np.zeros_like(a) for a in run(*arrays)])
            busy[0] = True
            results = run(*arrays)
            busy[0] = False
            return results

        return guarded


class Swallows(Honest):
    """Turns a Ctrl-C into an error."""

    name = "swallows"

    def prepare(self, partition: Partition) -> Run:
        run = super().prepare(partition)

        def guarded(*arrays: np.ndarray) -> tuple[Any, ...]:
            try:
                return run(*arrays)
            except BaseException as e:
                raise RuntimeError(f"failed: {e!r}") from None

        return guarded


class Shares(Honest):
    """All instances share a number of runs, and every result depends on it."""

    name = "shares"
    prepared: list[object] = []

    def prepare(self, partition: Partition) -> Run:
        run = super().prepare(partition)
        mine = len(self.prepared)
        self.prepared.append(self)

        def guarded(*arrays: np.ndarray) -> tuple[Any, ...]:
            results = run(*arrays)
            return tuple([a if self.prepared[mine + 1 :] == [] else np.zeros_like(a) for a in results])

        return guarded


class ClosesAll(Honest):
    """Closes the one device that all instances use."""

    name = "closes-all"
    is_open = True

    def prepare(self, partition: Partition) -> Run:
        run = super().prepare(partition)
        type(self).is_open = True
        return lambda *arrays: run(*arrays) if self.is_open else run(*[np.zeros_like(a) for a in arrays])

    def close(self) -> None:
        type(self).is_open = False


class ClosesTwice(Honest):
    """Gives back twice what it holds once."""

    name = "closes-twice"
    is_closed = False

    def close(self) -> None:
        if self.is_closed:
            raise RuntimeError("no such handle")
        self.is_closed = True


class OneScratch(Honest):
    """All threads write what they compute to one place before they return it."""

    name = "one-scratch"
    scratch: dict[str, Sequence[Any]] = {}

    def op(self, op: Op, right: RunOp) -> RunOp:
        def run(*arrays: np.ndarray) -> Sequence[Any]:
            self.scratch["results"] = right(*arrays)
            time.sleep(0.002)
            return self.scratch["results"]

        return run


class OwnScratch(Honest):
    """The partitions of one instance write what they compute to one place before they return it."""

    name = "own-scratch"

    def op(self, op: Op, right: RunOp) -> RunOp:
        def run(*arrays: np.ndarray) -> Sequence[Any]:
            self.scratch = right(*arrays)
            time.sleep(0.002)
            return self.scratch

        return run


class OwnState(Honest):
    """Keeps the state that it is given at first, and not the one that core hands it."""

    name = "own-state"

    def prepare(self, partition: Partition) -> Run:
        run, states = (
            super().prepare(partition),
            [i for i, t in enumerate(partition.inputs) if t.is_variable],
        )
        kept: dict[int, np.ndarray] = {}

        def guarded(*arrays: np.ndarray) -> tuple[Any, ...]:
            given = [kept.setdefault(i, a) if i in states else a for i, a in enumerate(arrays)]
            return run(*given)

        return guarded


class FirstShape(Honest):
    """Claims open shapes, and prepares an op once for all of them."""

    name = "first-shape"
    dynamic = True

    def __init__(self, options: Mapping[str, Any] | None = None, label: str | None = None) -> None:
        super().__init__(options, label)
        self.sizes: dict[str, int] = {}

    def op(self, op: Op, right: RunOp) -> RunOp:
        size = self.sizes.setdefault(op.name, int(np.prod(op.outputs[0].shape)))

        def run(*arrays: np.ndarray) -> Sequence[Any]:
            results = [np.array(a) for a in right(*arrays)]
            for a in results:
                a.reshape(-1)[size:] = 0
            return results

        return run


class Alone(Honest):
    """Is right where it has the whole model: a partition of it is taken for all."""

    name = "alone"

    def prepare(self, partition: Partition) -> Run:
        run = super().prepare(partition)
        if partition.graph is None or {*partition.inputs} == {*partition.graph.inputs}:
            return run
        return lambda *arrays: tuple([np.zeros_like(a) for a in run(*arrays)])


@frozen(slots=False)
class Liar(Subject):
    """A delegate of this file as the one under test."""

    def load(self) -> Delegate:
        made = next(cls for cls in _all(Honest) if cls.name == self.name)(dict(self.options))
        made.table = SupportTable(made.name, made.rows())
        return made


def _all(cls: type[Honest]) -> list[type[Honest]]:
    return [cls, *(found for sub in cls.__subclasses__() for found in _all(sub))]


def _is_constant(tensor: Any) -> bool:
    return tensor is None or tensor.is_constant


def _memory(array: np.ndarray) -> np.ndarray:
    """Return an array's memory, to write to."""
    raw = (ctypes.c_char * array.nbytes).from_address(array.ctypes.data)
    return np.frombuffer(raw, array.dtype)


def _packed(array: np.ndarray) -> np.ndarray:
    """Return the numbers that follow an array's address."""
    if array.flags.c_contiguous or array.strides[-1] < 0:
        return array
    return _memory(array).reshape(array.shape).copy()


def _value(tensor: Any, values: Mapping[int, np.ndarray]) -> np.ndarray | None:
    if tensor is None:
        return None
    return tensor.data if tensor.is_constant else values[tensor.index]
