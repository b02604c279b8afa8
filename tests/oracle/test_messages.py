"""What tables and shape rules say of broken ops: in words of the op, without exceptions' names or warnings.

Operands and results are missing, or scales are what no kernel divides by: of one model for each op of each
table; ``DELEGRAPH_EXAMPLES=1`` tries one for each row (17,000 changes, minutes).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from attrs import evolve
from campaign import WANTED
from delegraph import Graph, Model, Op, load_delegate, shapes
from delegraph.contract import SupportTable
from delegraph.errors import DelegraphError
from delegraph.partition.specialize import with_bodies
from misshapen import Mutant, more_or_fewer, with_op
from misshapen_cases import models_of, ops_of
from replaced_tensor import with_tensor

Change = Callable[[Model, Op], Iterator[Mutant]]
PYTHONS = re.compile(
    r"\b[A-Z]\w*(Error|Exception|Warning|Iteration)\b|NoneType|has no attribute|object is not"
)
SCALES = (0.0, np.inf, np.nan, 1e-45, 1e-30, 3e38, -1.0)


def missing(model: Model, op: Op) -> Iterator[Mutant]:
    """Yield the model with operands and results absent, too few or too many."""
    yield from more_or_fewer(model, op)
    yield "no outputs", with_op(model, evolve(op, outputs=()))
    yield "neither inputs nor outputs", with_op(model, evolve(op, inputs=(), outputs=()))
    yield "all absent", with_op(model, evolve(op, inputs=(None,) * len(op.inputs)))
    for count in range(1, len(op.inputs)):
        yield f"{count} inputs", with_op(model, evolve(op, inputs=op.inputs[:count]))


def scaled(model: Model, op: Op) -> Iterator[Mutant]:
    """Yield the model with other scales of one operand or result, and of all."""
    tensors = {
        t.index: t for t in (*op.inputs, *op.outputs) if t is not None and t.quantization is not None
    }
    for scale in SCALES if tensors else ():
        every = model.subgraphs[0]
        for t in tensors.values():
            q = evolve(t.quantization, scale=np.full_like(t.quantization.scale, scale))
            every = with_tensor(every, evolve(t, quantization=q))
            one = with_tensor(model.subgraphs[0], evolve(t, quantization=q))
            yield f"{t.name} of scale {scale}", evolve(model, subgraphs=(one, *model.subgraphs[1:]))
        yield f"all of scale {scale}", evolve(model, subgraphs=(every, *model.subgraphs[1:]))


@pytest.mark.parametrize(
    ("name", "first", "change"),
    [
        ("reference", "", missing),
        ("reference", "int8", scaled),
        ("opencl", "", missing),
        ("opencl", "int8", scaled),
        ("edgetpu", "int8", missing),
        ("edgetpu", "int8", scaled),
    ],
)
def test_no_exception_of_pythons_is_told(name: str, first: str, change: Change) -> None:
    table = load_delegate(name).table
    wrong, count = [], 0
    found = (m for op in ops_of(table) for m in models_of(op, table, first, bool(WANTED)))
    for types, model, place in found:
        for how, changed in change(model, model.subgraphs[0].ops[place]):
            count += 1
            graph = with_bodies(changed.subgraphs[0], changed)
            said = [text for text in told(graph.ops[place], graph, table) if PYTHONS.search(text)]
            wrong += [f"{graph.ops[place]} {types}, {how}: {text}" for text in said]
    assert count > 50
    assert not wrong, "\n".join(wrong)


def told(op: Op, graph: Graph, table: SupportTable) -> Iterator[str]:
    """Yield what a table and the op's shape rule say."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield from map(str, table.refusals(op, graph))
        if shapes.has_rule(op.name):
            values = [None if t is None else t.data for t in op.inputs]
            given = [None if t is None else t.shape for t in op.inputs]
            try:
                shapes.infer(op, given, values.__getitem__)
            except DelegraphError as e:
                yield str(e)


def test_a_name_of_pythons_is_found() -> None:
    assert PYTHONS.search("op #0 ADD: input shapes 2 do not fit: IndexError: list index out of range")
    assert not PYTHONS.search("op #0 ADD needs an output, found none")
