"""What an interpreter remembers from one invoke to the next: variable tensors, resources, what ran once.

Source: tflite/core/subgraph.cc (ResetVariableTensors), tflite/experimental/resource.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from ..errors import ModelError
from ..model import DTYPES, Op, Tensor
from ..partition import DEFAULT_BUDGET, Budget, held
from ..text import shape_text
from ..values import evolve, field, frozen

_ENTRY_BYTES = 200  # of a hash table, with its key and its value, as Python holds them
Key = tuple[int, int]  # (subgraph, tensor index)


@frozen
class Kept:
    """State as the last completed run left it; replaced as a whole, never changed."""

    variables: dict[Key, Any] = field(factory=dict)  # arrays or device values
    resources: dict[Hashable, Any] = field(
        factory=dict
    )  # ("variable", id) -> value, ("table", id) -> HashTable
    called: frozenset[int] = frozenset()  # subgraphs that CALL_ONCE has run
    begun: frozenset[Key] = (
        frozenset()
    )  # variables that a run has used: what they began with is gone for good


@frozen
class HashTable:
    """A hash table that something was imported into."""

    entries: dict[Any, Any]
    types: tuple[str, ...]  # of keys and of values


class State:
    """All state of one interpreter."""

    def __init__(self, budget: Budget = DEFAULT_BUDGET) -> None:
        self.budget = budget
        self._kept = Kept()
        self._handles: dict[tuple[str, str], int] = {}

    def begin(self) -> Transaction:
        """Return the state as one run sees and changes it."""
        return Transaction(self, self._kept)

    def reset_variables(self, subgraph: int | None = None) -> None:
        """Forget the variable tensors of one subgraph, or of all.

        Resources stay, and so does what CALL_ONCE has run, as in LiteRT.
        """
        kept = self._kept
        others = {k: v for k, v in kept.variables.items() if subgraph not in (None, k[0])}
        self._kept = evolve(kept, variables=others)

    def variable(self, key: Key, tensor: Tensor) -> Any:
        """Return the value of a variable tensor."""
        found = self._kept.variables.get(key)
        return initial(tensor) if found is None else found

    def set_variable(self, key: Key, value: Any) -> None:
        kept = self._kept
        self._kept = evolve(kept, variables={**kept.variables, key: value})

    def handle(self, container: str, shared_name: str) -> int:
        """Return the number that stands for a resource variable in tensors of type resource."""
        return self._handles.setdefault((container, shared_name), len(self._handles))

    def values(self) -> Iterator[Any]:
        """Go through all values of variables and resource variables."""
        yield from self._kept.variables.values()
        yield from (v for v in self._kept.resources.values() if not isinstance(v, HashTable))

    def commit(self, kept: Kept) -> None:
        self._kept = kept  # one assignment: an interrupt comes before or after it


class Transaction:
    """State during a run. Nothing of it is kept unless the run completes."""

    def __init__(self, state: State, kept: Kept) -> None:
        self.state = state
        self._before = kept
        self.variables: dict[Key, Any] = {}
        self.resources: dict[Hashable, Any] = {}
        self.called: set[int] = set()
        self.live = 0  # bytes of values in subgraphs where only the run shows some size
        self.most = state.budget.max_total_bytes
        self.rounds_left = _rounds(state.budget)
        self._resource_bytes: int | None = None  # not counted yet

    def variable(self, key: Key, tensor: Tensor) -> Any:
        if key in self.variables:
            return self.variables[key]
        if tensor.begins is not None and key not in self._before.begun:
            return tensor.begins()
        found = self._before.variables.get(key)
        return initial(tensor) if found is None else found

    def resource(self, key: Hashable) -> Any:
        """Return a resource's value, None if it has none yet."""
        found = self.resources.get(key)
        return self._before.resources.get(key) if found is None else found

    def assign(self, key: Hashable, value: Any, op: Op) -> None:
        """Give a resource a value.

        :raises ModelError: what resources hold is too much
        """
        if self._resource_bytes is None:
            self._resource_bytes = sum(map(_held, self._before.resources.values()))
        old = self.resource(key)
        self._resource_bytes += _held(value) - (0 if old is None else _held(old))
        self.resources[key] = value
        self.state.budget.check_total(self.live + self._resource_bytes, f"{op}: resources hold")

    def check_live(self, what: str, more: int = 0) -> None:
        """Check the bytes that a run holds, with some more to come.

        :raises ModelError: they are too many
        """
        self.state.budget.check_total(self.live + more, what)

    def count_rounds(self, op: Op, rounds: int = 1) -> None:
        """Count rounds of a loop, before they are run.

        :raises ModelError: they are too many
        """
        self.rounds_left -= rounds
        if self.rounds_left < 0:
            most = self.state.budget.max_while_iterations
            raise ModelError(f"{op}: the loops of a run make more rounds than max_while_iterations={most}")

    def was_called(self, subgraph: int) -> bool:
        return subgraph in self.called or subgraph in self._before.called

    def commit(self) -> None:
        """Keep what the run changed."""
        before = self._before
        if self.variables or self.resources or self.called:
            self.state.commit(
                Kept(
                    before.variables | self.variables,
                    before.resources | self.resources,
                    before.called | self.called,
                    before.begun | self.variables.keys(),
                )
            )


def _held(value: Any) -> int:
    if isinstance(value, HashTable):
        return _ENTRY_BYTES * len(value.entries or ())
    return held(value)


def _rounds(budget: Budget) -> float:
    return float("inf") if budget.max_while_iterations is None else budget.max_while_iterations


def initial(tensor: Tensor) -> np.ndarray:
    """Return what a variable holds after a reset: 0, in an int8 tensor its zero point."""
    found = zeros(tensor)
    if tensor.dtype == "int8":
        found[...] = tensor.zero_point
    return found


def zeros(tensor: Tensor) -> np.ndarray:
    """Return memory for a tensor of known shape, all 0; empty strings in a string tensor.

    :raises ModelError: there is not enough.
    """
    try:
        if tensor.dtype == "string":
            return np.full(tensor.shape or (), b"", object)
        return np.zeros(tensor.shape or (), DTYPES[tensor.dtype].numpy)
    except (MemoryError, ValueError) as e:
        what = f"tensor {tensor.index} {tensor.name!r} of shape {shape_text(tensor.shape)}"
        raise ModelError(f"{what} needs more memory than there is: {e}") from e
