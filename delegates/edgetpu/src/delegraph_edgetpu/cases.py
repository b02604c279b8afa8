"""Cases for delegraph-conformance: ops of its catalogue, each as the one op of a compiled model."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from delegraph_conformance import OpCase
from delegraph_conformance.catalogue import CaseName, case_of

from .assemble import custom_op, subset
from .custom_op import CUSTOM_OP
from .ops import NEWEST

# Of each type that crosses the edge; an LSTM's cell state is int16.
_COMPILED = (
    CaseName("MAXIMUM", 3, "int8"),
    CaseName("MAXIMUM", 3, "uint8"),
    CaseName("UNIDIRECTIONAL_SEQUENCE_LSTM", 3, "int8:int8:int32:int16:int8"),
)


def cases() -> Iterator[OpCase]:
    """Yield the cases; the numbers are those of the ops."""
    for name in _COMPILED:
        case = case_of(name)
        (graph,) = case.model.subgraphs
        op = custom_op(subset(graph.ops, graph), case.model, runtime_version=NEWEST)
        model = attrs.evolve(case.model, subgraphs=(attrs.evolve(graph, ops=(op,)),), operator_codes=())
        yield OpCase(CUSTOM_OP, str(name), model, case.inputs, case.outputs, case.source)
