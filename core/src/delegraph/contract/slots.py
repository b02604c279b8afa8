"""A program over numbered slots: constants in place, each value freed after its last reader."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from ..model import Op, Tensor
from ..values import define
from .plan import Partition

Source = TypeVar("Source", Op, Partition)


@define(eq=False)
class Instruction(Generic[Source]):
    """Reads slots, runs, writes slots, and frees those that nobody reads after it."""

    source: Source  # what it runs
    run: Callable[..., Sequence[Any]]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    frees: tuple[int, ...] = ()

    def bound(self) -> Callable[[list[Any]], None]:
        """Return a function that carries this out on the values in the slots.

        What does not change from call to call is looked up here: for small arrays that is half the time.
        """
        run, reads, frees = self.run, self.reads, self.frees
        if len(self.writes) != 1 or not reads:
            return self._carry_out
        (out,) = self.writes
        if len(reads) == 1:
            return _of_one(run, reads[0], out, frees)
        return _of_several(run, itemgetter(*reads), out, frees)

    def _carry_out(self, values: list[Any]) -> None:
        results = self.run(*[values[slot] for slot in self.reads])
        for slot, result in zip(self.writes, results, strict=True):
            values[slot] = result
        for slot in self.frees:
            values[slot] = None


class Slots:
    """Numbers the tensors that instructions read and write."""

    def __init__(self) -> None:
        self.template: list[Any] = [None]  # constants in place; slot 0 stands for absent inputs
        self.numbers: dict[int, int] = {}  # by tensor index
        self.variables: list[Tensor] = []

    def of(self, tensor: Tensor | None) -> int:
        """Return the slot of a tensor, making one when it is first asked for."""
        if tensor is None:
            return 0
        slot = self.numbers.get(tensor.index)
        if slot is None:
            slot = self.numbers[tensor.index] = len(self.template)
            self.template.append(tensor.data)
            if tensor.is_variable:
                self.variables.append(tensor)
        return slot

    def all_of(self, tensors: Sequence[Tensor | None]) -> tuple[int, ...]:
        return tuple(map(self.of, tensors))

    def free_early(self, program: Sequence[Instruction[Any]], kept: Collection[int]) -> None:
        """Let each instruction free what it is the last to use; constants and ``kept`` stay."""
        done = {slot for slot, value in enumerate(self.template) if value is not None} | {0, *kept}
        for instruction in reversed(program):
            frees = {*instruction.reads, *instruction.writes} - done
            done |= frees
            instruction.frees = tuple(sorted(frees))


def _of_one(
    run: Callable[..., Sequence[Any]], operand: int, out: int, frees: Sequence[int]
) -> Callable[[list[Any]], None]:
    def carry_out(values: list[Any]) -> None:
        (values[out],) = run(values[operand])
        for slot in frees:
            values[slot] = None

    return carry_out


def _of_several(
    run: Callable[..., Sequence[Any]], operands: Callable[[list[Any]], Any], out: int, frees: Sequence[int]
) -> Callable[[list[Any]], None]:
    def carry_out(values: list[Any]) -> None:
        (values[out],) = run(*operands(values))
        for slot in frees:
            values[slot] = None

    return carry_out
