"""Runs cells of the matrix: one op, version and types each, in LiteRT and in the reference delegate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import attrs
import litert
import numpy as np
from attrs import frozen
from delegraph import DelegateFailed, DelegraphError, Interpreter, load_delegate
from delegraph.contract import SupportTable
from delegraph.file import write_model
from delegraph.model import DTYPES, Graph, Model, Op, Tensor, is_core_op
from delegraph.shapes import has_rule, infer
from delegraph_conformance.draft import Draft
from one_op import difference

from .exemptions import exemption
from .facts import Death, Fact, facts
from .recipe import Recipe, recipes
from .specials import differing, widened

EXACT, WITHIN, DIFFERS = "exact", "within", "differs"
ONLY_LITERT, ONLY_DELEGRAPH, NEITHER = "only LiteRT", "only delegraph", "refused by both"
INT16, MEANINGLESS = "delegraph-int16", "meaningless"
ORDER = (EXACT, WITHIN, ONLY_DELEGRAPH, INT16, MEANINGLESS, ONLY_LITERT, DIFFERS, NEITHER)
DIED = "LiteRT died of "
_deaths: list[Death] = []


@frozen
class Cell:
    """One op, version and types, and what came of it."""

    op: str
    version: int
    types: str
    found: str = ""  # one of ORDER
    message: str = ""  # how they differ, or why the one that refuses does


@frozen
class Answer:
    """What LiteRT makes of a cell."""

    outputs: list[np.ndarray] | None
    why_not: str  # where there are none
    resolver: str = ""  # that runs it
    version: int = 0  # of the op that the resolver was told


class Refused(Exception):
    """The reference delegate does not take an op; the text is its reason."""


def cells(ops: Sequence[str] = (), every_version: bool = True) -> Iterator[Cell]:
    """Yield the cells of these ops, or of all, before they are run.

    :param every_version: else the last version of each resolver, and the others with the first types only
    """
    for op, made in sorted(recipes().items()):
        if ops and op not in ops:
            continue
        fact = fact_of(op)
        whole = {fact.last, fact.last_of_ref or fact.last}
        for version in range(fact.last, fact.first - 1, -1):
            types = made.types if every_version or version in whole else made.types[:1]
            yield from (Cell(op, version, t) for t in types)


def results(chosen: Iterable[Cell], dead: Iterable[Death] = ()) -> Iterator[Cell]:
    """Run cells.

    :param dead: what LiteRT is known to die of: it is not asked again, since a new process takes a second
    """
    # What LiteRT refuses in one version it refuses in all.
    refusals = {(d.op, d.types, d.resolver): f"{DIED}{d.signal}" for d in dead}
    for cell in chosen:
        found = _result(cell, refusals)
        why = exemption(found.op, found.types) if found.found in (ONLY_LITERT, DIFFERS, INT16) else None
        yield found if why is None else attrs.evolve(found, found=MEANINGLESS, message=why)
    if not dead:
        seen = refusals.items()
        _deaths.extend(Death(*key, why.removeprefix(DIED)) for key, why in seen if why.startswith(DIED))


def deaths_seen() -> list[Death]:
    """Return what LiteRT died of in runs that were not told before."""
    return list(_deaths)


def fact_of(op: str) -> Fact:
    """Return what LiteRT registers; an op that it does not know has one version."""
    return facts().get(op) or Fact(op, 1, 1, 0, ())


def _result(cell: Cell, refusals: dict[tuple[str, str, str], str]) -> Cell:
    made = recipes()[cell.op]
    draft = made.draft(cell.version, cell.types)
    model = draft.model()
    answer = _theirs(cell, draft, model, refusals)
    theirs, why_not = answer.outputs, answer.why_not
    try:
        ours = compute(draft, model, theirs)
    except Refused as e:
        return _refused(cell, made, theirs, why_not, " ".join(str(e).split()))
    except Exception as e:
        if theirs is None:
            return attrs.evolve(cell, found=DIFFERS, message=f"fails: {_text(e)}; LiteRT: {why_not}")
        return attrs.evolve(cell, found=DIFFERS, message=f"fails: {_text(e)}")
    if theirs is None:
        return attrs.evolve(cell, found=ONLY_DELEGRAPH, message=why_not)
    compared = _compared(cell, draft, ours, theirs)
    return compared if compared.found == DIFFERS else _fed_specially(compared, draft, model, answer)


def _fed_specially(cell: Cell, draft: Draft, model: Model, answer: Answer) -> Cell:
    """Return the cell, or how it differs on special values: the last version alone is tried."""
    if cell.version < fact_of(cell.op).last or exemption(cell.op, cell.types):
        return cell

    def labelled(other: Model) -> Model:
        return relabelled(other, cell.op, answer.version)

    each = recipes()[cell.op].family in ("elementwise", "movement")
    problem = differing(draft, model, cell.types, answer.resolver, labelled, compute, each)
    return cell if problem is None else attrs.evolve(cell, found=DIFFERS, message=problem)


def _refused(cell: Cell, made: Recipe, theirs: Any, why_not: str, why: str) -> Cell:
    if theirs is None:
        return attrs.evolve(cell, found=NEITHER, message=why_not)
    computes = made.family != "movement" and "int16" in re.split("[ :>]", cell.types)
    elsewhere = computes and find_spec("delegraph_int16") is None
    return attrs.evolve(cell, found=INT16 if elsewhere else ONLY_LITERT, message=why)


def _compared(cell: Cell, draft: Draft, ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Cell:
    found = EXACT
    for tensor, a, b in zip(draft.outputs, ours, theirs, strict=True):
        if a.dtype == b.dtype and a.shape == b.shape and a.tolist() == b.tolist():
            continue
        if a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() and a.dtype != object:
            continue  # NaN
        if tensor.dtype == "bfloat16":
            a, b = (widened(x) for x in (a, b))
        problem = difference(a, b)
        if problem is not None:
            return attrs.evolve(cell, found=DIFFERS, message=f"{tensor.name}: {problem}")
        found = WITHIN
    return attrs.evolve(cell, found=found)


def _theirs(cell: Cell, draft: Draft, model: Model, refusals: dict[tuple[str, str, str], str]) -> Answer:
    """Return LiteRT's outputs, or what it says. What BUILTIN_REF refuses the default may run.

    BUILTIN_REF is asked with the last version it knows: kernels do not look at their version.
    """
    why = ""
    for resolver, version in fact_of(cell.op).answers(cell.version):
        key = (cell.op, cell.types, resolver)
        if key in refusals:
            why = why or refusals[key]
            continue
        try:
            file = write_model(relabelled(model, cell.op, version))
            found = draft.carried_back(_litert_run(file, draft.feeds, resolver))
            return Answer(found, "", resolver, version)
        except litert.LiteRTCrashed as e:
            refusals[key] = f"{DIED}{e.signal}"
            why = why or refusals[key]
        except (litert.LiteRTError, DelegraphError) as e:
            refusals[key] = _text(e)
            why = why or refusals[key]
    return Answer(None, why)


def _litert_run(file: bytes, feeds: Sequence[np.ndarray], resolver: str) -> list[np.ndarray]:
    """Run a model; one that dies may die of what an earlier one did to the memory, and is tried again."""
    try:
        return litert.run(file, feeds, resolver)
    except litert.LiteRTCrashed:
        return litert.run(file, feeds, resolver)


def relabelled(model: Model, op: str, version: int) -> Model:
    """Return a model with another version of an op."""

    def changed(graph: Graph) -> Graph:
        ops = [attrs.evolve(o, version=version) if o.name == op else o for o in graph.ops]
        return attrs.evolve(graph, ops=tuple(ops))

    codes = [attrs.evolve(c, version=version) if c.name == op else c for c in model.operator_codes]
    graphs = [changed(graph) for graph in model.subgraphs]
    return attrs.evolve(model, operator_codes=tuple(codes), subgraphs=tuple(graphs))


def compute(draft: Draft, model: Model, theirs: list[np.ndarray] | None) -> list[np.ndarray]:
    if len(model.subgraphs) > 1 or is_core_op(draft.name):
        return _interpreted(draft, model)
    graph = model.subgraphs[0]
    op = _with_shapes(draft.op_of(graph), draft, theirs)
    row = _table().row_for(op, graph)
    if row is None:
        raise Refused("; ".join(map(str, _table().refusals(op, graph))))
    results = row.kernel(op)(*(_value(t, draft.values) for t in op.inputs))
    for tensor, array in zip((*op.outputs, *op.variables), results, strict=True):
        expected = DTYPES[tensor.dtype].numpy
        assert array.dtype == expected, f"{op}: {tensor.name} is {array.dtype}, not {expected}"
    return list(results[: len(op.outputs)])


def _interpreted(draft: Draft, model: Model) -> list[np.ndarray]:
    """Run an op that calls subgraphs or has state of its own: core does, not a kernel."""
    try:
        interpreter = Interpreter(model=model)
        interpreter.allocate_tensors()
        for tensor, array in zip(model.subgraphs[0].inputs, draft.feeds, strict=True):
            interpreter.set_tensor(tensor.index, array)
        interpreter.invoke()
    except DelegateFailed:
        raise
    except DelegraphError as e:
        raise Refused(str(e)) from e
    return draft.carried_back([interpreter.get_tensor(t.index) for t in model.subgraphs[0].outputs])


def _with_shapes(op: Op, draft: Draft, theirs: list[np.ndarray] | None) -> Op:
    """Give the outputs the shapes that LiteRT found, or those of core's rule."""
    found: list[Any] = [t.shape for t in op.outputs]
    if theirs is not None:
        found = [a.shape for a in theirs]
    elif has_rule(op.name):
        arrays = [_value(t, draft.values) for t in op.inputs]
        try:
            found = infer(op, [None if a is None else a.shape for a in arrays], lambda i: arrays[i])
        except DelegraphError as e:
            raise Refused(str(e)) from e
    outputs = [attrs.evolve(t, shape=s or t.shape) for t, s in zip(op.outputs, found, strict=True)]
    return attrs.evolve(op, outputs=tuple(outputs))


def _value(tensor: Tensor | None, values: dict[int, np.ndarray]) -> np.ndarray | None:
    if tensor is None:
        return None
    if tensor.index in values:
        array = values[tensor.index].view()
        array.flags.writeable = False
        return array
    if tensor.data is not None:
        return tensor.data
    fill = tensor.zero_point if tensor.dtype == "int8" else 0
    return np.full(tensor.shape or (), fill, DTYPES[tensor.dtype].numpy)


@cache
def _table() -> SupportTable:
    return load_delegate("reference").table


def _text(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines)[:300]}"
