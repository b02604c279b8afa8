"""Quantization parameters on the Edge TPU: what the reference refuses of generated changes is not mapped.

The delegate runs its ops as the reference does. A few changes are drawn for each op;
``QUANTIZATION_CHANGES=all`` tries all of them.
"""

from __future__ import annotations

import os

import pytest
from delegraph import Graph, Op, Partition, load_delegate
from matrix.parameters import taken_by_one
from matrix.recipe import recipes

MOST = None if os.environ.get("QUANTIZATION_CHANGES") == "all" else 24  # of an op
EDGETPU, REFERENCE = load_delegate("edgetpu"), load_delegate("reference")
OPS = sorted({row.op for row in EDGETPU.table.rows} & set(recipes()))


@pytest.mark.parametrize("op", OPS)
def test_what_the_reference_refuses_of_parameters_is_not_mapped(op: str) -> None:
    wrong = [str(found) for found in taken_by_one(op, maps, computes, MOST)]
    assert not wrong, "\n".join(wrong)


def maps(op: Op, graph: Graph) -> bool:
    inputs = tuple(t for t in op.inputs if t is not None)
    whole = Partition(EDGETPU, "edgetpu", (op,), inputs, op.outputs, (), graph)
    return EDGETPU.table.row_for(op, graph) is not None and not EDGETPU.check(whole)


def computes(op: Op, graph: Graph) -> bool:
    return REFERENCE.table.row_for(op, graph) is not None
