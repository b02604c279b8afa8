"""The two sides of ``delegraph compare``: delegates with their options, on one model and one input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from ..model import Model
from ..report.compare import Comparison, compare, outputs_of
from ..report.first_wrong import WrongPart, first_wrong
from ..run import Interface, Interpreter
from ..run.opened import Options, interpreter
from ..values import frozen

Side = tuple[Sequence[str], Options, str]  # names, options, policy


@frozen
class ComparedRun:
    """What both sides run."""

    model: Model
    interface: Interface
    inputs: Mapping[str, np.ndarray]


@frozen
class SidesRun:
    """Both sides after their runs, with every tensor kept."""

    found: Comparison
    first: Interpreter
    second: Interpreter

    @property
    def labels(self) -> list[str]:
        return [", ".join(d.label for d in i.delegates) for i in (self.first, self.second)]


@frozen
class Sides:
    """Who is compared with whom."""

    first: Side
    second: Side
    budget: Mapping[str, int]

    @contextmanager
    def compared(self, wanted: ComparedRun) -> Iterator[SidesRun]:
        """Run both sides as they are really run, and once more keeping every tensor."""
        real = []
        for side in (self.first, self.second):
            with self._opened(wanted, side) as i:
                real.append(outputs_of(i, wanted.interface, wanted.inputs))
        keep = {"experimental_preserve_all_tensors": True}
        with self._opened(wanted, self.first, **keep) as a, self._opened(wanted, self.second, **keep) as b:
            yield SidesRun(compare(a, b, wanted.interface, wanted.inputs, (real[0], real[1])), a, b)

    def wrong_part(self, wanted: ComparedRun, run: SidesRun) -> WrongPart | None:
        """Return the first part that the first side gets wrong."""
        with self._opened(wanted, self.first) as real:
            outputs_of(real, wanted.interface, wanted.inputs)
            return first_wrong(real, run.first, run.second, run.found)

    def _opened(
        self, wanted: ComparedRun, side: Side, **settings: Any
    ) -> AbstractContextManager[Interpreter]:
        names, options, policy = side
        return interpreter(wanted.model, names, options, policy=policy, **self.budget, **settings)
