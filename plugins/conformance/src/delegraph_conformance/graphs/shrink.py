"""From a failing graph to a smallest one that fails: ops are taken out as long as it still does.

What a removed op computed becomes an input with the value that it had, or is not needed any more, or its
readers read what it read. A graph is judged anew each time, so the last one fails on its own account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter

import numpy as np
from attrs import evolve
from delegraph import Graph, Model, Op, Tensor

from .case import Case
from .copies import part
from .judge import Judge

Fails = Callable[[Case], bool]
_MOST = 300  # graphs that are tried
_SECONDS = 40.0


def shrunk(case: Case, fails: Fails, judge: Judge, seconds: float = _SECONDS) -> Case:
    """Return a smallest case that fails, found by leaving out outputs and ops one by one.

    :param fails: False also where the judge does not run the graph.
    :param seconds: in which a smaller one must be found.
    """
    tried, start = 0, perf_counter()
    going = True
    while going:
        going = False
        for smaller in _smaller(case, judge):
            tried += 1
            if fails(smaller):
                case, going = smaller, True
                break
            if tried >= _MOST or perf_counter() > start + seconds:
                return case
    return case


def _smaller(case: Case, judge: Judge) -> Iterator[Case]:
    """Yield cases with less in them, the smallest first."""
    graph = case.model.subgraphs[0]
    values = [_values(case.model, batch, judge) for batch in case.batches]
    if len(graph.outputs) > 1:
        for out in graph.outputs:
            yield from _part(case, graph, graph.ops, [out], values)
    size = len(graph.ops)
    while size := size // 2:
        for start in range(0, len(graph.ops), size):
            gone = graph.ops[start : start + size]
            rest = [op for op in graph.ops if op not in gone]
            written = {t.index for op in gone for t in op.outputs}
            outputs = [t for t in graph.outputs if t.index not in written]
            yield from _part(case, graph, rest, outputs or _ends(rest), values)
    for i in range(len(graph.outputs)):
        yield from _part(case, graph, graph.ops, [*graph.outputs[:i], *graph.outputs[i + 1 :]], values)
    for op in graph.ops:
        yield from _bypassed(case, graph, op, values)


def _part(
    case: Case,
    graph: Graph,
    ops: Sequence[Op],
    outputs: Sequence[Tensor],
    values: Sequence[Mapping[int, np.ndarray]],
) -> Iterator[Case]:
    written = {t.index for op in ops for t in op.outputs}
    computed = [t for t in outputs if t.index in written]
    if not computed:
        return
    made = [part(graph, ops, computed, v) for v in values]
    yield evolve(case, model=made[0][0], batches=tuple(inputs for _, inputs in made))


def _ends(ops: Sequence[Op]) -> list[Tensor]:
    return list(ops[-1].outputs) if ops else []


def _bypassed(
    case: Case, graph: Graph, op: Op, values: Sequence[Mapping[int, np.ndarray]]
) -> Iterator[Case]:
    """Yield the graph without an op, its readers reading a like operand of it instead."""
    if len(op.outputs) != 1:
        return
    (out,) = op.outputs
    for source in (t for t in op.inputs if t is not None and not t.is_constant):
        if (source.shape, source.dtype) == (
            out.shape,
            out.dtype,
        ) and source.quantization == out.quantization:

            def instead(t: Tensor | None, source: Tensor = source) -> Tensor | None:
                return source if t is not None and t.index == out.index else t

            rest = [evolve(o, inputs=tuple(map(instead, o.inputs))) for o in graph.ops if o is not op]
            outputs = [t for t in map(instead, graph.outputs) if t is not None]
            yield from _part(case, graph, rest, outputs, values)


def _values(model: Model, batch: Sequence[np.ndarray], judge: Judge) -> dict[int, np.ndarray]:
    """Return the right value of every tensor."""
    graph = model.subgraphs[0]
    with judge(model) as it:
        it.run(batch)
        return it.tensors([t.index for t in graph.tensors])
