"""Every op that OpenCL and the reference delegate take, its model changed in one place: refused, or right.

What OpenCL takes has to be computed as the reference delegate computes it or, where that refuses it, as
LiteRT does. Some changes of each op are drawn: ``OPENCL_MISSHAPEN=all`` tries every one, 14,000 in each
variant of ``OPENCL_VARIANTS`` (hours), a number so many of each op. ``OPENCL_SEED`` draws others.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import litert
import numpy as np
import pytest
from attrs import frozen
from child import Child, ChildDied
from delegraph import DelegraphError, Model, load_delegate, write_model
from matrix.recipe import recipes
from matrix.run import fact_of
from misshapen import mutants
from one_op import difference
from one_op_opencl import CHOSEN, loaded
from taken import taken

OPS = sorted({row.op for row in load_delegate("opencl").table.rows} & set(recipes()))
SHARE = os.environ.get("OPENCL_MISSHAPEN", "3")
SEED = int(os.environ.get("OPENCL_SEED", "0"))
TIMEOUT = 60.0  # seconds

# Op, change and reason: what OpenCL computes otherwise than the reference delegate and LiteRT.
EXEMPT: tuple[tuple[str, str, str], ...] = (
    ("BATCH_MATMUL", "input . .*", "LiteRT takes scales from wrong places where several axes are stacked"),
    *(
        (op, r"input [01] \(.*", "a computed index that is outside picks the nearest row: docs/opencl.md")
        for op in ("GATHER", "GATHER_ND", "EMBEDDING_LOOKUP")
    ),
    ("SOFTMAX", "beta .*", "below 0 or infinite, it takes exp out of the range of halves"),
)


@pytest.mark.parametrize("variant", CHOSEN)
@pytest.mark.parametrize("op", OPS)
def test_a_misshapen_op_is_refused_or_computed_right(op: str, variant: str) -> None:
    options = tuple(CHOSEN[variant].items())
    wrong = []
    for case in _drawn(op):
        problem = _problem(case, options)
        if problem and not any(op == o and re.fullmatch(c, case.change) for o, c, _ in EXEMPT):
            wrong.append(f"{case.types}, {case.change}: {problem}")
    assert not wrong, f"{len(wrong)} (OPENCL_SEED={SEED}):\n" + "\n".join(wrong)


@frozen(eq=False)
class _Case:
    op: str
    types: str
    change: str
    model: Model
    arrays: list[np.ndarray]


def _drawn(op: str) -> list[_Case]:
    found = list(_cases(op))
    if SHARE == "all":
        return found
    return random.Random(f"{SEED} {op}").sample(found, min(int(SHARE), len(found)))


def _cases(op: str) -> Iterator[_Case]:
    """Yield the changes of one model for each of OpenCL's support rows that the reference has, too."""
    ours, theirs = loaded().table, load_delegate("reference").table
    seen = set()
    for types in recipes()[op].types:
        draft = taken(op, types)
        if draft is None:
            continue
        graph = (model := draft.model()).subgraphs[0]
        row = ours.row_for(graph.ops[0], graph)
        alone = len(graph.ops) == 1 and theirs.row_for(graph.ops[0], graph) is not None
        if alone and id(row) not in seen:
            seen.add(id(row))
            given = {t.index: a for t, a in zip(graph.inputs, draft.feeds, strict=True)}
            for change, changed in mutants(model):
                inputs = changed.subgraphs[0].inputs
                arrays = [np.resize(given[t.index], t.shape or ()) for t in inputs]
                yield _Case(op, types, change, changed, arrays)


def _problem(case: _Case, options: tuple[tuple[str, Any], ...]) -> str | None:
    how, ours = _ask("opencl", options, case)
    if how == "refused":
        return None
    if how != "values":
        return f"{how}: {ours}"
    if not any(a.size for a in ours):
        return None
    judge, theirs = "the reference delegate", _ask("reference", (), case)
    if theirs[0] != "values":
        judge, theirs = "LiteRT", _litert_s(case)
    if theirs[0] != "values":
        return f"runs, though the reference delegate and LiteRT refuse: {theirs[1]}"
    differences = (difference(a, b, steps=1, rtol=1e-3) for a, b in zip(ours, theirs[1], strict=True))
    return next((f"not as {judge} computes it: {text}" for text in differences if text), None)


def _ask(delegate: str, options: tuple[tuple[str, Any], ...], case: _Case) -> tuple[str, Any]:
    global _child
    _child = _child or Child(Path(__file__).with_name("delegate_server.py"))
    try:
        return _child.ask((delegate, options, case.model, case.arrays), TIMEOUT)
    except ChildDied as e:
        _child = None
        return "died", str(e)


_child: Child | None = None


def _litert_s(case: _Case) -> tuple[str, Any]:
    why = ""
    for resolver, _ in fact_of(case.op).answers(case.model.subgraphs[0].ops[0].version):
        try:
            return "values", litert.run(write_model(case.model), case.arrays, resolver)
        except (litert.LiteRTError, DelegraphError) as e:
            why = str(e)
    return "refused", why
