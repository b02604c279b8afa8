"""A delegate compared with itself: no op is apart from itself alone, whatever of its operands is a state.

An operand of each op becomes a variable: one that callers fill, and one that begins as a reset leaves it.
``DELEGRAPH_EXAMPLES=1`` tries all operands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import attrs
import numpy as np
import pytest
from campaign import WANTED
from delegraph import DelegraphError, Interpreter, Model
from delegraph.report.compare import Comparison, compare, outputs_of
from delegraph.run import interface_of
from delegraph_conformance.draft import random_values
from matrix.recipe import recipes
from matrix.run import fact_of, relabelled
from replaced_tensor import with_tensor

OPS = sorted(recipes())


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Most ops take no state, which is a warning of delegraph's log."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("start", range(8))
def test_an_op_with_a_state_is_as_far_from_itself_alone_as_in_the_run(start: int) -> None:
    found = [c for op in OPS[start::8] for c in _compared(op)]
    wrong = [f"{c.op} {c.tensor.name}: {c.alone}" for f in found for c in f.tensors if c.is_beyond]
    assert found
    assert not wrong, "\n".join(wrong)


def _compared(op: str) -> Iterator[Comparison]:
    for types in sorted(recipes()[op].types)[:1]:
        draft = recipes()[op].draft(fact_of(op).last, types)
        plain = relabelled(draft.model(), draft.name, fact_of(op).answers(fact_of(op).last)[0][1])
        for model in _with_states(plain):
            try:
                yield _with_itself(model)
            except DelegraphError:  # no kernel takes the op with such a state
                continue


def _with_states(model: Model) -> Iterator[Model]:
    graph = model.subgraphs[0]
    for tensor in graph.inputs[: None if WANTED else 1]:
        filled = with_tensor(graph, attrs.evolve(tensor, is_variable=True))
        others = tuple(t for t in filled.inputs if t.index != tensor.index)
        for inputs in (filled.inputs, others):
            yield attrs.evolve(model, subgraphs=(attrs.evolve(filled, inputs=inputs), *model.subgraphs[1:]))


def _with_itself(model: Model) -> Comparison:
    interface = interface_of(model)
    inputs = {a.name: random_values(a.tensor.dtype, a.tensor.shape or (), 3) for a in interface.inputs}
    with Interpreter(model=model, delegates=["reference"]) as i:
        real = outputs_of(i, interface, inputs)
    kept = {"model": model, "delegates": ["reference"], "experimental_preserve_all_tensors": True}
    with np.errstate(all="ignore"), Interpreter(**kept) as a, Interpreter(**kept) as b:
        return compare(a, b, interface, inputs, (real, real))
