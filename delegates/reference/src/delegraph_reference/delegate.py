"""Runs a partition op by op: kernels prepared once, values in slots, freed after their last reader."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from attrs import field, frozen
from attrs.validators import ge, optional
from delegraph import Delegate, DelegateFailed, DelegraphError, InputError, Op, Partition, Run, profile

from .kernel import Kernel
from .threads import on_threads


@frozen
class Options:
    """Options of the reference delegate."""

    num_threads: int | None = field(default=None, validator=optional(ge(1)))
    # ``num_threads``: None is 1, as in LiteRT


@frozen
class Step:
    """One op of a partition, ready to run."""

    kernel: Kernel
    reads: tuple[int, ...]  # slot of each input; slot 0 holds None, for absent ones
    writes: tuple[int, ...]  # slot of each output, then of each variable's next value
    frees: tuple[int, ...]  # slots whose last reader this op is
    op: Op


class Reference(Delegate):
    """Every op in numpy; integers bit for bit as LiteRT's ``BUILTIN_REF`` computes them."""

    name = "reference"
    Options = Options
    dynamic = True

    def prepare(self, partition: Partition) -> Run:
        slots = _Slots(partition)
        steps = [slots.step(op, self._kernel(op, partition)) for op in partition.ops]
        steps = slots.with_frees(steps)
        template, count = slots.template, self.options.num_threads
        entries = [slots.of(t.index) for t in partition.inputs]
        exits = [slots.of(t.index) for t in partition.outputs]
        exits += [slots.next_of(t.index) for t in partition.variables]

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            values = template.copy()
            for slot, array in zip(entries, inputs, strict=True):
                values[slot] = array
            with on_threads(count):
                if (events := profile.listener()) is not None:
                    _run_timed(steps, values, events, partition)
                else:
                    _run(steps, values)
            return tuple([values[slot] for slot in exits])

        return run

    def _kernel(self, op: Op, partition: Partition) -> Kernel:
        row = self.table.row_for(op, partition.graph)
        if row is None:
            why = "; ".join(map(str, self.table.refusals(op, partition.graph)))
            raise DelegateFailed(f"{op} cannot be handled by {self.label}: {why}")
        try:
            return row.kernel(op)  # type: ignore[no-any-return]
        except InputError as e:
            raise _naming(op, e) from e
        except DelegraphError:
            raise
        except Exception as e:
            raise DelegateFailed(f"{op} could not be prepared: {type(e).__name__}: {e}") from e


def _run(steps: list[Step], values: list[Any]) -> None:
    op = None
    try:
        for step in steps:
            op = step.op
            results = step.kernel(*[values[slot] for slot in step.reads])
            for slot, result in zip(step.writes, results, strict=True):
                values[slot] = result
            for slot in step.frees:
                values[slot] = None
    except InputError as e:  # a value that does not fit: not the delegate's failure
        assert op is not None
        raise _naming(op, e) from e
    except DelegraphError:
        raise
    except Exception as e:
        raise DelegateFailed(f"{op} failed: {type(e).__name__}: {e}") from e


def _naming(op: Op, e: InputError) -> InputError:
    """Return an error whose message begins with the op: most kernels say only what they need and found."""
    text = str(e)
    return InputError(text if text.startswith(str(op)) else f"{op} {text}")


def _run_timed(
    steps: list[Step], values: list[Any], events: list[profile.Event], partition: Partition
) -> None:
    for step in steps:
        start = perf_counter()
        _run([step], values)
        seconds = perf_counter() - start
        events.append(profile.Event(step.op.name, seconds, op=step.op.index, subgraph=partition.subgraph))


class _Slots:
    """Numbers the values of a partition."""

    def __init__(self, partition: Partition) -> None:
        self.template: list[Any] = [None]  # constants in place; slot 0 stands for absent inputs
        self._slot: dict[int, int] = {}
        self._next: dict[int, int] = {}  # of a variable's next value, once an op has written it
        self._kept = {t.index for t in partition.outputs}

    def of(self, tensor: int) -> int:
        """Return the slot of a tensor, making one when it is first asked for."""
        if tensor not in self._slot:
            self._slot[tensor] = len(self.template)
            self.template.append(None)
        return self._slot[tensor]

    def next_of(self, variable: int) -> int:
        """Return the slot of the variable's value as the partition leaves it."""
        return self._next.get(variable, self.of(variable))

    def step(self, op: Op, kernel: Kernel) -> Step:
        reads = []
        for t in op.inputs:
            if t is None:
                reads.append(0)
            elif t.is_variable:
                reads.append(self.next_of(t.index))
            else:
                reads.append(self.of(t.index))
                if t.is_constant:
                    self.template[reads[-1]] = t.data
        writes = [self.of(t.index) for t in op.outputs]
        for t in op.variables:
            self._next[t.index] = len(self.template)
            self.template.append(None)
            writes.append(self._next[t.index])
        return Step(kernel, tuple(reads), tuple(writes), (), op)

    def with_frees(self, steps: list[Step]) -> list[Step]:
        """Let each step free what it reads or writes last; not constants, state or what leaves."""
        keep = {self.of(i) for i in self._kept} | set(self._next.values())
        keep |= {slot for slot, value in enumerate(self.template) if value is not None} | {0}
        done: set[int] = set()
        freed = []
        for step in reversed(steps):
            frees = {*step.reads, *step.writes} - keep - done
            done |= frees
            freed.append(Step(step.kernel, step.reads, step.writes, tuple(sorted(frees)), step.op))
        return freed[::-1]
