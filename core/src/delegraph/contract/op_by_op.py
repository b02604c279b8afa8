"""Run a partition op by op: all that a delegate needs whose kernels are functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import length_hint
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .. import profile
from ..errors import DelegateFailed, DelegraphError, InputError
from ..model import Op
from .guard import said
from .plan import Partition
from .slots import Instruction, Slots

if TYPE_CHECKING:
    from .delegate import Run

RunOp = Callable[..., Sequence[Any]]
Bound = Sequence[Callable[[list[Any]], None]]  # the instructions of a program


def run_op_by_op(partition: Partition, prepare_op: Callable[[Op], RunOp]) -> Run:
    """Prepare each op of a partition; return the function that runs one after the other.

    What nobody reads any more is freed. Each op is an event for who profiles.

    :param prepare_op: returns ``run(*arrays) -> results`` of an op. It gets an array for each input,
        constants included, None for one that is absent; it returns the outputs, then the next values of
        ``op.variables``.
    :raises DelegateFailed: ``prepare_op`` raised something else than one of the project's errors; the run
        function raises likewise, and names the op in both.
    """
    slots = Slots()
    entries = slots.all_of(partition.inputs)
    program = [_instruction(op, _prepared(op, prepare_op), slots) for op in partition.ops]
    exits = slots.all_of((*partition.outputs, *partition.variables))
    slots.free_early(program, exits)
    template, bound = slots.template, [instruction.bound() for instruction in program]

    def run(*inputs: Any) -> tuple[Any, ...]:
        values = template.copy()
        for slot, value in zip(entries, inputs, strict=True):
            values[slot] = value
        if (events := profile.listener()) is None:
            _run(bound, partition.ops, values)
        else:
            _run_timed(bound, partition, values, events)
        return tuple([values[slot] for slot in exits])

    return run


def _instruction(op: Op, run: RunOp, slots: Slots) -> Instruction[Op]:
    return Instruction(op, run, slots.all_of(op.inputs), slots.all_of((*op.outputs, *op.variables)))


def _prepared(op: Op, prepare_op: Callable[[Op], RunOp]) -> RunOp:
    try:
        return prepare_op(op)
    except BaseException as e:
        raise _naming(op, "could not be prepared", e)  # noqa: B904 - it has its cause


def _run(bound: Bound, ops: Sequence[Op], values: list[Any]) -> None:
    rest = iter(bound)
    try:
        for carry_out in rest:
            carry_out(values)
    except BaseException as e:
        failed = ops[len(bound) - length_hint(rest) - 1]
        raise _naming(failed, "failed", e)  # noqa: B904


def _run_timed(bound: Bound, partition: Partition, values: list[Any], events: list[profile.Event]) -> None:
    for carry_out, op in zip(bound, partition.ops, strict=True):
        start = perf_counter()
        _run([carry_out], [op], values)
        seconds = perf_counter() - start
        events.append(profile.Event(op.name, seconds, op=op.index, subgraph=partition.subgraph))


def _naming(op: Op, what: str, e: BaseException) -> Exception:
    """Return the error to raise where an op raised ``e``: one that names the op.

    A value that does not fit is not the delegate's failure; most kernels say only what they need and found.
    """
    why = said(e)
    if isinstance(e, InputError) and not str(e).startswith(str(op)):
        found: DelegraphError = InputError(f"{op} {e}")
    elif isinstance(e, DelegraphError):
        return e
    else:
        found = DelegateFailed(f"{op} {what}: {why}")
    found.__cause__ = e
    return found
