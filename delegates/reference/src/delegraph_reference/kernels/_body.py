"""What the StableHLO ops with a body share: which one operation their subgraph is.

``STABLEHLO_SCATTER`` and the like name a subgraph that combines two values. LiteRT looks at its one op and
does not run it; neither does the reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from delegraph import Constraint, Op, needs

_COMBINATIONS = {
    "ADD": np.add,
    "LOGICAL_AND": np.logical_and,
    "LOGICAL_OR": np.logical_or,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "STABLEHLO_ADD": np.add,
    "STABLEHLO_AND": np.logical_and,
    "STABLEHLO_MAXIMUM": np.maximum,
    "STABLEHLO_MINIMUM": np.minimum,
    "STABLEHLO_MULTIPLY": np.multiply,
    "STABLEHLO_OR": np.logical_or,
}
COMBINATIONS: Mapping[str, np.ufunc] = _COMBINATIONS


def combination(op: Op) -> np.ufunc:
    """Return the function of two values that the op's body is."""
    return COMBINATIONS[op.bodies[0].ops[0].name]


def body_among(names: Iterable[str]) -> Constraint:
    """Return the constraint that the body is one of these ops, on the body's two arguments."""
    known = tuple(names)

    @needs(f"a body that is one op on its two arguments, among {', '.join(known)}")
    def found(op: Op) -> str | None:
        if len(op.bodies) != 1:
            return f"{len(op.bodies)} bodies"
        body = op.bodies[0]
        ops = [inner.name for inner in body.ops]
        if len(ops) != 1 or ops[0] not in known:
            return ", ".join(ops) or "a body without ops"
        inner = body.ops[0]
        if (activation := inner.options.get("fused_activation_function", "NONE")) != "NONE":
            return f"{ops[0]} with {activation}"
        read, given = ([t and t.index for t in tensors] for tensors in (inner.inputs, body.inputs))
        left, written = ([t.index for t in tensors] for tensors in (body.outputs, inner.outputs))
        fits = len(given) == 2 and set(read) == set(given) and left == written
        return None if fits else f"{ops[0]} of tensors {read} in a body of arguments {given}"

    return found


@needs("a body that returns its second argument")
def replaces(op: Op) -> str | None:
    """The body of an update that takes the place of what was there."""
    if len(op.bodies) != 1:
        return f"{len(op.bodies)} bodies"
    body = op.bodies[0]
    if body.ops:
        return ", ".join(inner.name for inner in body.ops)
    given, left = ([t.index for t in tensors] for tensors in (body.inputs, body.outputs))
    return None if left == given[1:2] and len(given) == 2 else f"tensors {left} of arguments {given}"
