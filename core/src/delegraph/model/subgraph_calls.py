"""Ops apart: those that the interpreter runs, those that draw random numbers, those that call subgraphs.

Control flow, variables and resources belong to core: no delegate sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from ..errors import ModelError
from . import schema
from .graph import Op

CORE_OPS = frozenset(
    """
    ASSIGN_VARIABLE CALL CALL_ONCE HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE IF READ_VARIABLE
    STABLEHLO_CASE STABLEHLO_WHILE VAR_HANDLE WHILE
    """.split()
)
COMPOSITE = "STABLEHLO_COMPOSITE"
RANDOM_OPS = frozenset({"RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"})
PURE_CORE_OPS = frozenset({"CALL", "IF", "STABLEHLO_CASE", "STABLEHLO_WHILE", "WHILE"})  # as what they call

# Option fields that hold subgraph indices, in the order in which the op's meaning takes them.
_CALLS = {
    "CALL": ("subgraph",),
    "CALL_ONCE": ("init_subgraph_index",),
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "STABLEHLO_CASE": ("branch_subgraph_indices",),
    "STABLEHLO_WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    COMPOSITE: ("decomposition_subgraph_index",),
    # Not core's: the subgraph is part of what the op means, and its kernel reads it (Op.bodies).
    "STABLEHLO_REDUCE": ("body_subgraph_index",),
    "STABLEHLO_REDUCE_WINDOW": ("body_subgraph_index",),
    "STABLEHLO_SCATTER": ("update_computation_subgraph_index",),
    "STABLEHLO_SORT": ("comparator_subgraph_index",),
}


def is_core_op(name: str) -> bool:
    """Say whether the interpreter runs ops of this name (composites: by their decomposition)."""
    return name in CORE_OPS or name.startswith(COMPOSITE)


def changes_state(op: Op) -> bool:
    """Say whether a run of an op leaves something behind that the next run sees."""
    resource = op.name in CORE_OPS - PURE_CORE_OPS
    return resource or op.name in RANDOM_OPS or any(t.is_variable for t in (*op.variables, *op.outputs))


def callers_first(entries: Iterable[int], called_by: Callable[[int], Iterable[int]]) -> list[int]:
    """Return entries and all subgraphs that are reached from them, each behind all that call it.

    :param called_by: returns the subgraphs that one calls.
    """
    seen: set[int] = set()
    done: list[int] = []

    def visit(index: int) -> None:
        if index not in seen:
            seen.add(index)
            for callee in called_by(index):
                visit(callee)
            done.append(index)

    for index in entries:
        visit(index)
    return done[::-1]


def called_by_ops(ops: Iterable[Op]) -> list[int]:
    """Return the subgraphs that ops call."""
    return [index for op in ops for index in called_subgraphs(op)]


@cache
def called_fields(table: str) -> tuple[str, ...]:
    """Return the fields of a table of options that name subgraphs, also of ops that nobody runs."""
    fields = schema.TABLES.get(table, ()) if table.endswith("Options") else ()
    return tuple(f.name for f in fields if "subgraph" in f.name or f.name == "called_computations")


def called_subgraphs(op: Op) -> tuple[int, ...]:
    """Return the subgraphs that the op runs: (then, else), (cond, body), …; () for most ops."""
    fields = _CALLS.get(op.name.partition(":")[0])
    if fields is None:
        return ()
    found: list[int] = []
    for field in fields:
        value = op.options.get(field)
        if value is None:
            raise ModelError(f"{op} needs the option {field}, found {op.options.table}")
        found += [int(value)] if isinstance(value, int) else [int(i) for i in value]
    return tuple(found)
