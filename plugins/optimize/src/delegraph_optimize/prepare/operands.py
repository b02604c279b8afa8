"""The operands that preparing relies on: an op of a broken file may lack them."""

from __future__ import annotations

from functools import cache

from delegraph import Model, ModelError, Op

from ..spec import SPECS, OpSpec

# Ops without a row that are edited, too.
_OTHERS = (
    OpSpec("DENSIFY", "x -> x"),
    OpSpec("DEQUANTIZE", "x -> x"),
    OpSpec("DIV", "x x -> x"),
    OpSpec("QUANTIZE", "x -> x"),
)
_ROWS = SPECS | {row.op: row for row in _OTHERS}


def check_operands(model: Model) -> None:
    """Look for operands that no kernel does without.

    :raises ModelError: an op lacks one
    """
    for graph in model.subgraphs:
        for op in graph.ops:
            _check(op)


def _check(op: Op) -> None:
    inputs, outputs = _needed(op.name)
    for kind, places, found in (("input", inputs, op.inputs), ("output", outputs, op.outputs)):
        for place in places:
            if place >= len(found) or found[place] is None:
                raise ModelError(f"{op} needs {kind} {place}, found none")


@cache
def _needed(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return places of inputs and of outputs, without shapes and axes, which may be optional."""
    row = _ROWS.get(name)
    if row is None:
        return (), ()
    inputs = tuple(i for i, o in enumerate(row.inputs) if o.role in "x=w" and not o.optional)
    return inputs, tuple(range(len(row.outputs)))
