"""Every op of the matrix, its model changed in one place: the reference delegate refuses it, or is right.

An operand is absent, one too many, of another rank or size; an option or an index is at an extreme. LiteRT
says what is right, where it runs the model; a refusal is one of delegraph's own errors, never Python's.
Some changes of each op are drawn; ``DELEGRAPH_EXAMPLES=500`` tries so many, and other ones each time.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Iterator

import litert
import numpy as np
import pytest
from attrs import frozen
from campaign import WANTED
from delegraph import DelegateFailed, DelegraphError, Interpreter, write_model
from delegraph.model import Model
from matrix.exemptions import exemption
from matrix.recipe import recipes
from matrix.run import fact_of
from misshapen import mutants
from one_op import difference

SEED = os.urandom(4).hex() if WANTED else "0"
FIRST_TYPES = ("float32", "int8", "int32", "bool", "int64")  # of the models that are changed
OPS = sorted(op for op, made in recipes().items() if made.family != "control")

# Op, change, and what LiteRT does there that is not to be reproduced.
EXEMPT: tuple[tuple[str, str, str], ...] = (
    ("STABLEHLO_GATHER", "input . .*", "it keeps the shape that the file gives the output"),
    ("aeq.hadamard_rotation", "input 0 .*", "it keeps the shape that the file gives the output"),
    ("RFFT2D", r"input 1 \[1\] = 1", "its transform of rows wants two values at least"),
)


@frozen(eq=False)
class Case:
    op: str
    types: str
    change: str
    model: Model
    arrays: list[np.ndarray]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("op", OPS)
def test_a_misshapen_op_is_refused_or_computed_right(op: str) -> None:
    every = list(cases(op))
    drawn = random.Random(f"{SEED} {op}").sample(every, min(WANTED or 6, len(every)))
    found = [f"{c.types}, {c.change}: {p}" for c in drawn if (p := problem(c)) and not _exempt(c)]
    assert not found, f"{len(found)} (seed {SEED}):\n" + "\n".join(found)


def cases(op: str) -> Iterator[Case]:
    """Yield the changes of one model for each of the first types."""
    seen = set()
    for types in recipes()[op].types:
        first = re.split("[:>]", types)[0]
        if first in seen or first not in FIRST_TYPES or exemption(op, types):
            continue
        draft = recipes()[op].draft(fact_of(op).last, types)
        graph = (model := draft.model()).subgraphs[0]
        if len(graph.ops) == 1:
            seen.add(first)
            given = {t.index: a for t, a in zip(graph.inputs, draft.feeds, strict=True)}
            for change, changed in mutants(model):
                arrays = [np.resize(given[t.index], t.shape or ()) for t in changed.subgraphs[0].inputs]
                yield Case(op, types, change, changed, arrays)


def problem(case: Case) -> str | None:
    """Return in words what is wrong with a case, or None."""
    try:
        ours = _ours(case)
    except DelegateFailed as e:
        return None if isinstance(e.__cause__, DelegraphError) else str(e)
    except DelegraphError:
        return None
    except Exception as e:
        return None if "subgraph" in case.change else f"{type(e).__name__}: {e}"
    theirs = _theirs(case)
    if theirs is None:
        return None
    pairs = zip(ours, theirs, strict=True)
    return next((text for a, b in pairs if a.dtype != object and (text := difference(a, b))), None)


def _ours(case: Case) -> list[np.ndarray]:
    graph = case.model.subgraphs[0]
    interpreter = Interpreter(model=case.model, delegates=["reference"])
    interpreter.allocate_tensors()
    for tensor, array in zip(graph.inputs, case.arrays, strict=True):
        interpreter.set_tensor(tensor.index, array)
    interpreter.invoke()
    return [interpreter.get_tensor(t.index) for t in graph.outputs]


def _theirs(case: Case) -> list[np.ndarray] | None:
    fact = fact_of(case.op)
    for resolver, _ in fact.answers(fact.last):
        try:
            return litert.run(write_model(case.model), case.arrays, resolver)
        except litert.LiteRTCrashed:
            return None
        except (litert.LiteRTError, DelegraphError):
            continue
    return None


def _exempt(case: Case) -> bool:
    return any(case.op == op and re.fullmatch(change, case.change) for op, change, _ in EXEMPT)
