"""The matrix's models of an op that the OpenCL delegate takes."""

from __future__ import annotations

from matrix.draft import Draft
from matrix.recipe import recipes
from matrix.run import fact_of
from one_op_opencl import loaded


def taken(op: str, types: str) -> Draft | None:
    """Return the model of these types in the last version that OpenCL takes; None where it takes none."""
    fact, table = fact_of(op), loaded().table
    for version in range(fact.last, fact.first - 1, -1):
        draft = recipes()[op].draft(version, types)
        graph = draft.model().subgraphs[0]
        if all(table.row_for(o, graph) is not None for o in graph.ops):
            return draft
    return None
