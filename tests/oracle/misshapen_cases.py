"""The changed models of an op for each row of a table, and what a delegate or LiteRT makes of one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import litert
import numpy as np
from attrs import evolve, frozen
from child import Child, ChildDied
from delegraph import DelegraphError, Model, write_model
from delegraph.contract import SupportTable
from delegraph.partition.specialize import with_bodies
from delegraph_conformance.draft import Draft
from delegraph_conformance.recipe import recipes as catalogue
from matrix.recipe import recipes
from matrix.run import fact_of, relabelled
from misshapen import fed, in_a_branch, in_a_loop, mutants
from replaced_tensor import with_tensor

TIMEOUT = 60.0  # seconds that a delegate may take
Options = tuple[tuple[str, Any], ...]
Exemptions = tuple[tuple[str, str, str], ...]  # op, change (patterns), and why the numbers are not compared
ARITHMETIC_LEFT_OPEN: Exemptions = (
    (".*", "(in|out)put .* of a (tiny|huge) scale", "rescaling shifts by more bits than an integer has"),
)


@frozen(eq=False)
class Case:
    op: str
    types: str
    change: str
    model: Model
    feeds: dict[int, np.ndarray]  # values of inputs and constants before the change, by tensor
    around: str = ""  # what the op stands in: IF or WHILE
    is_half: bool = False  # floats, those of constants too, are numbers that a half holds

    def __str__(self) -> str:
        return f"{self.types}, {self.change}"

    @property
    def types_now(self) -> str:
        """The types after the change, written as those before."""
        changed = re.fullmatch(r"input (\d+) \w+ -> (\w+)", self.change)
        parts = self.types.split(":")
        if changed and int(changed[1]) < len(parts):
            parts[int(changed[1])] = changed[2]
        return ":".join(parts)

    @property
    def file(self) -> bytes:
        return self.written(self.model)

    def written(self, model: Model) -> bytes:
        """Return the file of the case's model, in another version perhaps."""
        model = in_halves(model) if self.is_half else model
        return write_model(_WRAPPED[self.around](model) if self.around else model)

    @property
    def arrays(self) -> list[np.ndarray]:
        arrays = fed(self.model, self.feeds)
        if self.is_half:
            arrays = [as_half(a) for a in arrays]
        if self.around == "IF":
            return [np.array(True), *arrays]
        if self.around == "WHILE":
            before = fed(self.model, {}, self.model.subgraphs[0].outputs)
            return [np.int32(0), np.int32(1), *arrays, *before]
        return arrays


def in_halves(model: Model) -> Model:
    """Return a model whose constants of float32 are numbers that a half holds."""
    main = model.subgraphs[0]
    for t in (t for t in main.tensors if t.data is not None and t.dtype == "float32"):
        main = with_tensor(main, evolve(t, data=as_half(t.data)))
    return evolve(model, subgraphs=(main, *model.subgraphs[1:]))


def as_half(array: np.ndarray) -> np.ndarray:
    """Return floats rounded to halves, as floats; anything else as it is."""
    if array.dtype != np.float32:
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float16).astype(np.float32)


def drawn(cases: Iterator[Case], seed: str, count: int) -> list[Case]:
    """Return so many of some cases."""
    found = list(cases)
    return random.Random(seed).sample(found, min(count, len(found)))


def cases(op: str, *tables: SupportTable) -> Iterator[Case]:
    """Yield the changes of one model for each row of the first table; the others take it, too."""
    for types, draft in _of_each_row(op, *tables):
        model = draft.model()
        graph, place = model.subgraphs[0], draft.op_of(model.subgraphs[0]).index
        feeds = {t.index: t.data for t in graph.tensors if t.data is not None}
        feeds |= {t.index: a for t, a in zip(graph.inputs, draft.feeds, strict=True)}
        for change, changed in mutants(model, draft.feeds, place):
            yield Case(op, types, change, changed, feeds)


def models_of(
    op: str, table: SupportTable, first: str, every_row: bool
) -> Iterator[tuple[str, Model, int]]:
    """Yield the types, a model and the op's place in it: for each row of a table, or for one.

    :param first: type of the first operand; "" for any
    """
    for types, draft in islice(_of_each_row(op, table, first=first), None if every_row else 1):
        model = draft.model()
        yield types, model, draft.op_of(model.subgraphs[0]).index


def _of_each_row(op: str, *tables: SupportTable, first: str = "") -> Iterator[tuple[str, Draft]]:
    """Yield one draft for each row of the first table, if the others take it, too."""
    seen = set()
    for types, draft in _drafts(op, tables[0], first):
        model = draft.model()
        graph = with_bodies(model.subgraphs[0], model)
        here = draft.op_of(graph)
        row = tables[0].row_for(here, graph)
        if id(row) not in seen and all(t.row_for(here, graph) is not None for t in tables):
            seen.add(id(row))
            yield types, draft


def ops_of(table: SupportTable) -> list[str]:
    """Return the ops of a table of which there are models."""
    known = {op for op, made in catalogue().items() if made.family != "control"}
    return sorted({row.op for row in table.rows} & known)


def _drafts(op: str, table: SupportTable, first: str = "") -> Iterator[tuple[str, Draft]]:
    """Yield the models of an op that a table takes, with their types."""
    if op not in recipes():
        made = catalogue()[op]
        yield made.types[0], made.draft(made.versions[1], made.types[0])
        return
    for types in (types for types in recipes()[op].types if types.startswith(first)):
        if (draft := taken(table, op, types)) is not None:
            yield types, draft


def taken(table: SupportTable, op: str, types: str) -> Draft | None:
    """Return the model of these types in the last version that a table has a row for; None if none."""
    fact = fact_of(op)
    claimed = {v for row in table.rows_of(op) for v in range(row.versions[0], row.versions[1] + 1)}
    for version in (v for v in range(fact.last, fact.first - 1, -1) if v in claimed):
        draft = recipes()[op].draft(version, types)
        model = draft.model()
        graph = with_bodies(model.subgraphs[0], model)
        if all(table.row_for(o, graph) is not None for o in graph.ops):
            return draft
    return None


def exempt(case: Case, exemptions: Exemptions) -> bool:
    """Say whether a case's numbers are not compared."""
    return any(re.fullmatch(op, case.op) and re.fullmatch(c, case.change) for op, c, _ in exemptions)


def made_of(case: Case, delegate: str, options: Options = ()) -> tuple[str, Any]:
    """Return ("values", outputs), or ("refused", "failed" or "died", why), of a case on a delegate."""
    global _child
    _child = _child or Child(Path(__file__).with_name("delegate_server.py"))
    try:
        return _child.ask((delegate, options, case.file, case.arrays), TIMEOUT)
    except ChildDied as e:
        _child = None
        return "died", str(e)


def made_by_litert(case: Case) -> tuple[str, Any]:
    """Return ("values", outputs) or ("refused", why)."""
    why = ""
    versions = [op.version for op in case.model.subgraphs[0].ops if op.name == case.op]
    for resolver, version in fact_of(case.op).answers(versions[0]):
        try:
            file = case.written(relabelled(case.model, case.op, version))
            return "values", litert.run(file, case.arrays, resolver)
        except litert.LiteRTCrashed as e:
            return "died", str(e)
        except (litert.LiteRTError, DelegraphError) as e:
            why = str(e)
    return "refused", why


_WRAPPED = {"IF": in_a_branch, "WHILE": in_a_loop}
_child: Child | None = None
