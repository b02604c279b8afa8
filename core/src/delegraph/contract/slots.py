"""A program over numbered slots: constants in place, each value freed after its last reader."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Generic, TypeVar

from attrs import define

from ..model import Op, Tensor
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
