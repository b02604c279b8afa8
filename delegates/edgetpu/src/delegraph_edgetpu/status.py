"""What became of each op, in the words of the Edge TPU compiler's table, and what would make it pass.

Source: the tables that users of the compiler post in github.com/google-coral/edgetpu/issues (30, 173, 222,
317, 512).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from delegraph import Op, Plan, Refusal, SubgraphPlan

from . import limits
from .ops import NEWEST

MAPPED = "Mapped to Edge TPU"
SECOND_SUBGRAPH = "More than one subgraph is not supported"
UNSPECIFIED = "Operation is otherwise supported, but not mapped due to some unspecified limitation"
NO_SUCH_OP = "Operation not supported"
NO_SUCH_VERSION = "Operation version not supported"
DATA_TYPE = "Operation is working on an unsupported data type"
RANK = "Tensor has unsupported rank (up to 3 innermost dimensions mapped)"
NOT_CONSTANT = "Filter, bias, or other param is not constant at compile-time"

_BY_KIND = {"op": NO_SUCH_OP, "types": DATA_TYPE, "version": NO_SUCH_VERSION}
# Of the constraints that the compiler has words for. An op that came with a later runtime it does not know.
_BY_CONSTRAINT = {
    limits.three_innermost.name: RANK,
    limits.constant().name: NOT_CONSTANT,
    limits.runtime(NEWEST, NEWEST).name: NO_SUCH_OP,
}


@frozen
class Operation:
    """An op of the model, and what became of it."""

    op: Op
    status: str  # in the compiler's words
    why: str = ""  # it stays on the CPU: what it needs and what was found
    way_out: str = ""  # what would make it pass, as far as it is known

    @property
    def is_mapped(self) -> bool:
        return self.status == MAPPED


def operations(plan: Plan, label: str) -> list[Operation]:
    """Return what became of each op of a plan's main subgraph, in the file's order."""
    subgraph = plan.subgraphs[0]
    labels = subgraph.labels
    blockers = _blockers(subgraph, labels, label)
    found = []
    for op in subgraph.graph.ops:
        if labels[op.index] == label:
            found.append(Operation(op, MAPPED))
        else:
            refusals = subgraph.refusals.get(op.index, {}).get(label, ())
            found.append(_left_out(op, refusals, blockers.get(op.index)))
    return found


def _left_out(op: Op, refusals: Sequence[Refusal], blocker: Op | None) -> Operation:
    if blocker is not None:
        way_out = "make that pass, or compile with --multiple-subgraphs"
        return Operation(op, SECOND_SUBGRAPH, f"supported, but it waits for {blocker} on the CPU", way_out)
    status = _status(refusals)
    hints = "; ".join(dict.fromkeys(r.hint for r in refusals if r.hint))
    return Operation(op, status, _why(refusals, status), hints)


def _why(refusals: Sequence[Refusal], status: str) -> str:
    if status == DATA_TYPE:
        return f"needs int8 or uint8, found {refusals[0].found}"
    if not refusals or refusals[0].kind == "op":
        return "the Edge TPU has no such operation"
    return "; ".join(f"needs {r.rule}, found {r.found}" for r in refusals)


def _status(refusals: Sequence[Refusal]) -> str:
    if not refusals:  # by nobody: control flow, which the interpreter itself runs
        return NO_SUCH_OP
    said = (_BY_KIND.get(r.kind) or _BY_CONSTRAINT.get(r.constraint) for r in refusals)
    return next(filter(None, said), UNSPECIFIED)


def _blockers(subgraph: SubgraphPlan, labels: Mapping[int, str], label: str) -> dict[int, Op]:
    """Return, for each op that a row takes but that lies in a later subset, what keeps it there.

    That is the first op that cannot be mapped on its way from one that is.
    """
    # By tensor that comes from a mapped op: the first op between them that is not mapped.
    breaks: dict[int, Op | None] = {}
    found: dict[int, Op] = {}
    for op in subgraph.graph.ops:
        above = [breaks[t.index] for t in op.inputs if t is not None and t.index in breaks]
        first = next((b for b in above if b is not None), None)
        if labels[op.index] == label:
            breaks.update((t.index, None) for t in op.outputs)
        elif above:
            if first is not None and _has_row(subgraph.refusals.get(op.index, {}).get(label, ())):
                found[op.index] = first
            breaks.update((t.index, first or op) for t in op.outputs)
    return found


def _has_row(refusals: Sequence[Refusal]) -> bool:
    """Say whether a row takes the op, and it was refused for something else: its place in the graph."""
    return bool(refusals) and all(r.kind not in ("op", "types", "version", "constraint") for r in refusals)
