"""Single steps that a delegate takes: for models that are made by hand around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import frozen
from delegraph import Builder, Delegate, Tensor

from ..graphs.claims import Claims, NotClaimed
from ..graphs.dice import Dice
from ..graphs.reference_judge import reference

TYPES: Sequence[tuple[str, dict[str, Any]]] = (
    ("float32", {}),
    ("int8", {"scale": 0.05, "zero_point": 3}),
    ("uint8", {"scale": 0.05, "zero_point": 128}),
    ("int16", {"scale": 0.0002, "zero_point": 0}),
    ("int32", {}),
)
# Ops that keep shape and scale: name, how often they read their operand.
NAMES = (
    ("ADD", 2),
    ("SUB", 2),
    ("MAXIMUM", 2),
    ("MINIMUM", 2),
    ("MUL", 2),
    ("RELU", 1),
    ("ABS", 1),
    ("NEG", 1),
)


@frozen
class Step:
    """An op of one or two operands of one type, as the delegate takes it."""

    name: str
    reads: int
    dtype: str
    stored: dict[str, Any]
    version: int
    options: dict[str, Any]

    def add(self, g: Builder, operands: Sequence[Tensor], out: Tensor) -> Tensor:
        g.op(self.name, operands[: self.reads], [out], version=self.version, **self.options)
        return out

    def tensor(self, g: Builder, shape: Sequence[int]) -> Tensor:
        return g.tensor(shape, self.dtype, **self.stored)


def step(delegate: Delegate, shape: Sequence[int], reads: int | None = None) -> Step:
    """Return the first step that the delegate takes at this shape; the test is skipped without one.

    :param reads: how many operands it must have.
    """
    found = next((s for s in _steps(delegate, shape) if reads in (None, s.reads)), None)
    if found is None:
        pytest.skip(f"the table takes none of {', '.join(n for n, r in NAMES if reads in (None, r))}")
    return found


def _steps(delegate: Delegate, shape: Sequence[int]) -> Iterator[Step]:
    claims = Claims((delegate, reference()))
    for dtype, stored in TYPES:
        for name, reads in NAMES:
            options = {"pot_scale_int16": False} if dtype == "int16" and name in ("ADD", "SUB") else {}
            g = Builder()
            x, y = (g.input(shape, dtype, **stored) for _ in range(2))
            try:
                out = g.tensor(shape, dtype, **stored)
                version = claims.version(name, [x, y][:reads], [out], options, {}, Dice(0))
            except NotClaimed:
                continue
            yield Step(name, reads, dtype, stored, version, options)
