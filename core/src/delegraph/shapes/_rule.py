"""What a shape rule gets and gives: shapes of an op's inputs in, shapes of its outputs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ..errors import InputError
from ..model import Op, Shape
from ..text import shape_text

Dims = tuple[int, ...]


class UnknownError(Exception):
    """The rule needs a shape or a value that only a run will show."""


class Inputs:
    """The inputs of an op as far as they are known; asking for what is not known ends the rule."""

    def __init__(self, op: Op, shapes: Sequence[Shape], value: Callable[[int], np.ndarray | None]) -> None:
        self.op = op
        self.options: Any = op.options
        self._shapes = shapes
        self._value = value

    def __len__(self) -> int:
        return len(self._shapes)

    def has(self, i: int) -> bool:
        """Say whether optional input ``i`` is there."""
        return i < len(self.op.inputs) and self.op.inputs[i] is not None

    def shape(self, i: int = 0, rank: int | None = None) -> Dims:
        """Return the shape of input ``i``, which must have ``rank`` dimensions if that is given."""
        if not self.has(i):
            self.fail(f"input {i}", "none")
        shape = self._shapes[i]
        if shape is None:
            raise UnknownError
        if rank is not None and len(shape) != rank:
            self.fail(f"input {i} of rank {rank}", f"shape {shape_text(shape)}")
        return shape

    def shapes(self) -> list[Dims]:
        """Return the shapes of all inputs that are there: of one at least."""
        found = [self.shape(i) for i in range(len(self)) if self.has(i)]
        return found or [self.shape(0)]

    def ints(self, i: int, count: int | None = None, kinds: str = "iu") -> Dims:
        """Return the values of input ``i``, flat, as Python integers: so many, if ``count`` is given."""
        values = self.values(i)
        if values.dtype.kind not in kinds:
            self.fail(f"integers in input {i}", values.dtype.name)
        found = tuple(map(int, values.ravel().tolist()))
        if count is not None and len(found) != count:
            self.fail(f"{count} values in input {i}", f"{len(found)}")
        return found

    def option(self, name: str, count: int, default: int | None = None) -> Dims:
        """Return an option of ``count`` integers; where it has none, all of them are ``default``."""
        given = self.options.get(name)
        found = () if given is None else tuple(int(v) for v in given)
        if not found and default is not None:
            return (default,) * count
        if len(found) != count:
            self.fail(f"{count} numbers as {name}", f"{found}")
        return found

    def scalar(self, i: int) -> int:
        """Return the one value of input ``i``."""
        found = self.ints(i)
        if len(found) != 1:
            self.fail(f"one value in input {i}", f"{len(found)}")
        return found[0]

    def number(self, i: int) -> Any:
        """Return the one number of input ``i``, as numpy's scalar of its type."""
        values = self.values(i)
        if values.size != 1 or values.dtype.kind not in "iuf":
            self.fail(
                f"one number in input {i}", f"{values.dtype.name} of shape {shape_text(values.shape)}"
            )
        return values.reshape(())[()]

    def values(self, i: int) -> np.ndarray:
        if not self.has(i):
            self.fail(f"input {i}", "none")
        value = self._value(i)
        if value is None:
            raise UnknownError
        return value

    def axis(self, axis: int, rank: int) -> int:
        """Return ``axis`` counted from the front; it must lie in a tensor of ``rank`` dimensions."""
        if not rank:
            self.fail("an input with axes", "a scalar")
        if not -rank <= axis < rank:
            self.fail(f"an axis from {-rank} to {rank - 1}", f"{axis}")
        return axis % rank

    def fail(self, needs: str, found: str) -> NoReturn:
        raise InputError(f"{self.op} needs {needs}, found {found}")


Rule = Callable[[Inputs], "list[Shape]"]


def broadcast(inputs: Inputs, shapes: Sequence[Dims]) -> Dims:
    """Return the shape that numpy's broadcasting gives."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        inputs.fail("shapes that broadcast", " and ".join(map(shape_text, shapes)))


def product(dims: Sequence[int]) -> int:
    n = 1
    for d in dims:
        n *= d
    return n
