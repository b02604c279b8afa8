"""What LiteRT runs: rows of the reference delegate, in LiteRT's versions and types, and how far off it is.

The reference delegate's constraints are what LiteRT's kernels ask for. ``rows.tsv`` says which of its rows
LiteRT runs in which types; ``tests/oracle/litert_rows.py`` measures that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from itertools import groupby
from typing import Any

import attrs
from delegraph import (
    DTYPES,
    Constraint,
    Op,
    OpSupport,
    RowsByOp,
    Shape,
    SupportTable,
    load_delegate,
    needs,
    rows_of_modules,
)

from .options import EDGETPU, Options

QUANTIZED_INSIDE = 0.01  # the claim of a float row in which XNNPACK does so, or more


@needs("values in every operand")
def some_values(op: Op) -> str | None:
    empty = [t for t in (*op.inputs, *op.outputs) if t is not None and 0 in (t.shape or ())]
    return f"none in tensor {empty[0].index}" if empty else None


@needs("operands of less than a byte to be constants")
def whole_bytes(op: Op) -> str | None:
    found = [t for t in op.inputs if t is not None and DTYPES[t.dtype].bits < 8 and not t.is_constant]
    return f"{found[0].dtype} that is computed" if found else None


@needs("no bounds on the result")
def no_bounds(op: Op) -> str | None:
    activation = op.options.get("fused_activation_function", "NONE")
    return None if activation in ("NONE", "RELU") else f"a fused activation {activation}"


def rows(options: Options) -> RowsByOp:
    """Return the rows for these options, to be looked for op by op."""
    text = files(__package__).joinpath("rows.tsv").read_text()
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")][1:]
    reference = load_delegate("reference").table
    by_op = {
        op: partial(_rows_of, list(found), reference, options.resolver)
        for op, found in groupby(lines, lambda line: line[0])
    }
    if options.library is not None:
        by_op[EDGETPU] = partial(iter, [_compiled()])
    return rows_of_modules(__package__, (), lambda module: (), "litert", by_op)


def _rows_of(lines: Sequence[Sequence[str]], reference: SupportTable, resolver: str) -> Iterator[OpSupport]:
    for op, versions, of_ref, types, choices, name, xnnpack, plain in lines:
        exact = resolver == "builtin_ref"
        claim = "0 1e-5" if exact else plain if resolver.endswith("delegates") else xnnpack
        span = of_ref if exact else versions
        if "-" in (claim, span):
            continue
        first, last = map(int, span.split("-"))
        steps, rtol = claim.split()
        row = OpSupport(op, (first, last), types, steps=int(steps), rtol=float(rtol))
        letters: dict[str, Any] = dict(pair.split("=") for pair in choices.split("; ") if pair)
        row = attrs.evolve(row, **letters)
        for like in _like(reference.rows_of(op), row, name):
            constraints = (some_values, whole_bytes, *like.constraints, *_of_claim(row))
            yield attrs.evolve(row, constraints=constraints, shapes=like.shapes)


def _like(found: Iterable[OpSupport], row: OpSupport, name: str) -> list[OpSupport]:
    """Return the reference delegate's rows that take a row's types, and have a constraint of this name."""
    types = _example(row)
    fitting = [r for r in found if r.takes_types(types)]
    return [r for r in fitting if not name or name in [c.name for c in r.constraints]]


def _of_claim(row: OpSupport) -> tuple[Constraint, ...]:
    """Return what has to hold where XNNPACK quantizes floats: bounds leave its error as large as it is."""
    return (no_bounds,) if row.rtol >= QUANTIZED_INSIDE else ()


def _example(row: OpSupport) -> str:
    """Return operand types that fit a row."""
    words = row.types.replace("->", " -> ").split()
    chosen = {letter: names.split()[0] for letter, names in row.choices.items()}
    plain = [word.rstrip("?*").split("|")[0] for word in words]
    return " ".join(chosen.get(word, word) for word in plain)


def _compiled() -> OpSupport:
    return OpSupport(EDGETPU, (1, 1), "any* -> any*", shapes=_as_compiled)


def _as_compiled(op: Op, given: Sequence[Shape]) -> list[Shape]:
    return [t.shape for t in op.outputs]
