"""What IF and WHILE do, on arrays: the subgraphs that they call are run op by op, and what each is given is
shown to somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import attrs
import numpy as np
from delegraph import (
    Delegate,
    DelegraphError,
    Graph,
    Interpreter,
    Model,
    Op,
    Partition,
    Run,
    Tensor,
    called_subgraphs,
)

from ..bounds import budget, limits

Arrays = Sequence[np.ndarray]
Seen = Callable[[int, Arrays], None]  # gets a subgraph and the values of its inputs
_BY_CHANCE = frozenset(("MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"))
HANDLES = ("resource", "variant", "string")


class Undecided(Exception):
    """Samples alone do not say what an op gives: it has state, a handle, or no kernel for its shapes."""


class Calls:
    """The subgraphs of a model, as ops call them."""

    def __init__(
        self,
        model: Model | None,
        delegates: Sequence[Delegate],
        seen: Seen = lambda subgraph, arrays: None,
    ) -> None:
        """Make them.

        :param model: None: no ops call any
        :param seen: called before a subgraph is run
        """
        self._model = model
        self._delegates = delegates
        self._seen = seen
        self._runs: dict[tuple[object, ...], Run] = {}

    def results(self, op: Op, arrays: Arrays) -> Arrays:
        """Return what an IF or a WHILE gives.

        :raises Undecided: it is neither, or an op inside is not decided.
        """
        if op.name not in ("IF", "WHILE") or self._model is None:
            raise Undecided
        first, second = called_subgraphs(op)
        if op.name == "IF":
            return self.run(first if arrays[0].all() else second, arrays[1:])
        most = budget().max_while_iterations
        for _ in count() if most is None else range(most):
            if not self.run(first, arrays)[0].all():
                return arrays
            arrays = self.run(second, arrays)
        raise Undecided

    def run(self, subgraph: int, arrays: Arrays) -> Arrays:
        """Return the outputs of a subgraph.

        :raises Undecided: an op inside is not decided.
        """
        assert self._model is not None
        graph = self._model.subgraphs[subgraph]
        if len(arrays) != len(graph.inputs):
            raise Undecided
        self._seen(subgraph, arrays)
        values = {t.index: np.asarray(a) for t, a in zip(graph.inputs, arrays, strict=True)}
        for op in graph.ops:
            found = self._results(graph, op, values)
            values.update(zip((t.index for t in op.outputs), map(np.asarray, found), strict=False))
        return [_value(t, values) for t in graph.outputs]

    def _results(self, graph: Graph, op: Op, values: Mapping[int, np.ndarray]) -> Arrays:
        if called_subgraphs(op):
            return self.results(op, [_value(t, values) for t in op.inputs])
        given = computed(op.inputs)
        arrays = [_value(t, values) for t in given]
        key = (graph.index, op.index, *(a.shape for a in arrays))
        if key not in self._runs:
            self._runs[key] = self._run(graph, op, given, arrays)
        return self._runs[key](*arrays)

    def _run(self, graph: Graph, op: Op, given: Sequence[Tensor], arrays: Arrays) -> Run:
        """Return what runs an op on arrays of these shapes, whatever the file says that they are."""
        if any(t.is_variable or t.dtype in HANDLES for t in (*op.outputs, *given)) or op.name in _BY_CHANCE:
            raise Undecided
        if all(t.shape == a.shape for t, a in zip(given, arrays, strict=True)):
            run = None if _is_open(op) else prepared(op, given, graph, self._delegates)
            if run is not None:
                return run
        assert self._model is not None
        alone = attrs.evolve(graph, ops=(op,), inputs=tuple(given), outputs=op.outputs, index=0)
        model = attrs.evolve(self._model, subgraphs=(alone,), signatures=())
        return _interpreted(model, self._delegates[-1], arrays)  # the reference delegate, which has all ops


def _interpreted(model: Model, delegate: Delegate, arrays: Arrays) -> Run:
    interpreter = Interpreter(model=model, delegates=[delegate], **limits())
    places = [d["index"] for d in interpreter.get_input_details()]
    for place, array in zip(places, arrays, strict=True):
        interpreter.resize_tensor_input(place, array.shape)
    try:
        interpreter.allocate_tensors()
    except DelegraphError:
        raise Undecided from None
    results = [d["index"] for d in interpreter.get_output_details()]

    def run(*arrays: Any) -> tuple[Any, ...]:
        for place, array in zip(places, arrays, strict=True):
            interpreter.set_tensor(place, array)
        interpreter.invoke()
        return tuple(interpreter.get_tensor(place) for place in results)

    return run


def computed(inputs: Iterable[Tensor | None]) -> list[Tensor]:
    """Return the inputs of an op that are no constants, each once."""
    return list({t.index: t for t in inputs if t is not None and not t.is_constant}.values())


def prepared(op: Op, given: Sequence[Tensor], graph: Graph, delegates: Sequence[Delegate]) -> Run | None:
    """Return what runs an op on arrays for the given tensors; None if no delegate takes it."""
    for delegate in delegates:
        row = delegate.table.row_for(op, graph)
        if row is not None:
            part = Partition(
                delegate, delegate.label, (op,), tuple(given), op.outputs, op.variables, graph,
                rows={op.index: row},
            )  # fmt: skip
            return delegate.prepare(part)
    return None


def _is_open(op: Op) -> bool:
    """Say whether the shape of a result is known only when the op runs."""
    return any(t.shape is None or -1 in (t.shape_signature or ()) for t in op.outputs)


def _value(tensor: Tensor | None, values: Mapping[int, np.ndarray]) -> np.ndarray:
    found = None if tensor is None else values.get(tensor.index, tensor.data)
    if found is None:
        raise Undecided
    return found
