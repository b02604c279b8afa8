"""A subgraph that one delegate runs as a whole: core hands it the inputs and takes what comes out.

What a run has in common with the one before it is known beforehand: who runs, where the inputs lie, what is
kept. Of a model that takes less than 0.1 ms, to find that out anew takes most of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..contract import SubgraphPlan
from ..model import HANDLES, Tensor
from .device_values import is_packed, read_only
from .partition_run import Ready, on_host_of
from .state import Transaction

Given = list[Any]  # what a run function gets; None in the place of a variable


class Whole:
    """A partition, prepared, that is all of a subgraph.

    :param kept: what is kept of its results.
    """

    def __init__(self, plan: SubgraphPlan, ready: Ready, kept: Sequence[Tensor]) -> None:
        partition = ready.partition
        self._ready = ready
        self._on_host = on_host_of(partition, ready.run) or ready.run
        inputs = {t.index: i for i, t in enumerate(plan.graph.inputs)}
        self._order = [inputs.get(t.index) for t in partition.inputs]  # None: a variable
        places = {t.index: i for i, t in enumerate(partition.inputs)}
        next_values = enumerate(partition.variables, len(partition.outputs))
        # Of each variable its place among the inputs, that of its next value, and its key.
        self.variables = [(places[t.index], i, (plan.graph.index, t.index), t) for i, t in next_values]
        indices = {t.index for t in kept}
        self._kept = [(i, t.index) for i, t in enumerate(partition.outputs) if t.index in indices]

    @classmethod
    def of(cls, plan: SubgraphPlan, ready: Ready, kept: Sequence[Tensor]) -> Whole | None:
        """Return what runs a subgraph directly; None where core has something to do besides."""
        partition = ready.partition
        given = {t.index for t in (*plan.graph.inputs, *partition.variables)}
        computed = {t.index for t in partition.outputs}
        tensors = (*plan.graph.inputs, *partition.inputs, *partition.outputs)
        if given != {t.index for t in partition.inputs} or given & computed:
            return None
        if not computed >= {t.index for t in kept} or None in [t.shape for t in tensors]:
            return None
        if [t for t in kept if t.is_variable or t.dtype in HANDLES]:
            return None
        return cls(plan, ready, kept)

    def given(self, inputs: Sequence[Any]) -> Given | None:
        """Return what the delegate gets of a subgraph's inputs; None where that differs from run to run."""
        if not all(map(is_packed, inputs)):
            return None
        return [None if i is None else inputs[i] for i in self._order]

    def run(self, state: Transaction | None, given: Given, on_host: bool = False) -> dict[int, Any]:
        """Return what is kept of a run, by tensor index, checked as ever.

        :param state: None where there are no variables.
        :param on_host: the results are read on the host next.
        :raises DelegateFailed: the delegate raised, or did not return what was planned.
        """
        if state is not None:
            values = self._with_state(state, given.copy())
        else:
            values = self._ready.taken_by(self._on_host if on_host else self._ready.run, given)
        return {index: values[i] for i, index in self._kept}

    def _with_state(self, state: Transaction, given: Given) -> list[Any]:
        for place, _, key, tensor in self.variables:
            given[place] = read_only(state.variable(key, tensor))
        values = self._ready.results(state, given)
        for _, i, key, _ in self.variables:
            state.variables[key] = values[i]
        return values
