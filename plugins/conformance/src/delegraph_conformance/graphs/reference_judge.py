"""The reference delegate as the judge of graphs: op by op, every tensor kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np
from delegraph import Delegate, Interpreter, Model, load_delegate


@cache
def reference() -> Delegate:
    return load_delegate("reference")


@contextmanager
def judge(model: Model) -> Iterator[ReferenceRuns]:
    """Give the model as the reference delegate runs it, an op at a time."""
    with Interpreter(
        model=model,
        delegates=[reference()],
        experimental_preserve_all_tensors=True,
        experimental_disable_delegate_clustering=True,
    ) as interpreter:
        yield ReferenceRuns(interpreter)


class ReferenceRuns:
    """A model that the reference delegate has loaded."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._graph = interpreter.model.subgraphs[0]

    def run(self, inputs: Sequence[np.ndarray], outputs: Sequence[int] | None = None) -> list[np.ndarray]:
        self._interpreter.run({t.index: a for t, a in zip(self._graph.inputs, inputs, strict=True)})
        wanted = [t.index for t in self._graph.outputs] if outputs is None else outputs
        return [self._value(index) for index in wanted]

    def tensors(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        return {index: self._value(index) for index in indices}

    def _value(self, index: int) -> np.ndarray:
        return np.asarray(self._interpreter.get_tensor(index))
