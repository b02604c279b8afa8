"""One op on given inputs, and the numbers that must come of it: of the catalogue, or an author's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from delegraph import InputError, Model, Op


def _arrays(given: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(array) for array in given)


@frozen(eq=False)
class OpCase:
    """A model with the op in it, inputs, and the outputs that are right.

    Return these from ``delegraph_conformance_cases`` for the custom ops of your own::

        @hookimpl
        def delegraph_conformance_cases():
            g = Builder()
            y = g.op("Cube", [g.input((3,), "float32")], [g.tensor((3,), "float32")])
            x = np.float32([-2, 0, 3])
            return [OpCase("Cube", "three numbers", g.model([y]), [x], [np.float32([-8, 0, 27])])]
    """

    op: str  # as a support row spells it
    name: str  # what is special about it: "a batch of two"; ids are made of op and name
    model: Model
    inputs: tuple[np.ndarray, ...] = field(converter=_arrays)  # in the order of the model's inputs
    outputs: tuple[np.ndarray, ...] = field(converter=_arrays)  # likewise, of its outputs
    source: str = ""  # where the outputs come from: "rational", "litert 2.3.0 BUILTIN_REF"
    # What floats are measured by, if the largest output is smaller: a fused activation cuts values off.
    largest: float = 0.0

    @property
    def id(self) -> str:
        """What the case is called among tests: without blanks, so that it may be asked for."""
        return f"{self.op}-{self.name}".replace(" ", "_")

    @property
    def tested(self) -> Op:
        """The op that the case is about: the last of its name in the main subgraph."""
        found = [op for op in self.model.subgraphs[0].ops if op.name == self.op]
        if not found:
            raise InputError(f"{self.id} needs an op {self.op!r} in its main subgraph, found none")
        return found[-1]
