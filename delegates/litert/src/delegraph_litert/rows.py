"""What LiteRT runs: rows of the reference delegate, in LiteRT's versions and types, and how far off it is.

The reference delegate's constraints are what LiteRT's kernels ask for. ``rows.tsv`` says which of its rows
LiteRT runs in which types; ``tests/oracle/litert_rows.py`` measures that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from itertools import groupby
from math import inf
from typing import Any

from delegraph import (
    DTYPES,
    Op,
    OpSupport,
    RowsByOp,
    SupportTable,
    Tensor,
    evolve,
    load_delegate,
    needs,
    rows_of_modules,
)

from .options import EDGETPU, Options

QUANTIZED_INSIDE = 0.01  # the claim of a float row in which XNNPACK does so, or more
_OF_SIX = 4  # times what was measured: where a result is cut to 6, its error stays as large as before


@needs("values in every operand")
def some_values(op: Op) -> str | None:
    empty = [t for t in (*op.inputs, *op.outputs) if t is not None and 0 in (t.shape or ())]
    return f"none in tensor {empty[0].index}" if empty else None


@needs("operands of less than a byte to be constants")
def whole_bytes(op: Op) -> str | None:
    found = [t for t in op.inputs if t is not None and DTYPES[t.dtype].bits < 8 and not t.is_constant]
    return f"{found[0].dtype} that is computed" if found else None


@needs("scales above 0, each with a zero point, along an axis of their tensor")
def whole_parameters(op: Op) -> str | None:
    wrong = [t.index for t in (*op.inputs, *op.outputs) if t is not None and not _is_whole(t)]
    return f"other parameters of tensor {wrong[0]}" if wrong else None


@needs("weights and biases to be constants")
def settled(op: Op) -> str | None:
    """LiteRT reads them before the first run: all but the input and the states, operands 18 and 19."""
    operands = [t for i, t in enumerate(op.inputs) if i not in (0, 18, 19) and t is not None]
    return next((f"tensor {t.index}, which is none" for t in operands if not t.is_constant), None)


@needs("no narrow bounds on the result")
def no_bounds(op: Op) -> str | None:
    """XNNPACK quantizes floats inside: its error stays as large as it is where values are cut to 1."""
    activation = op.options.get("fused_activation_function")
    return f"a fused activation {activation}" if activation == "RELU_N1_TO_1" else None


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
        compiled = OpSupport(
            EDGETPU, (1, 1), "any* -> any*", shapes=lambda op, _: [t.shape for t in op.outputs]
        )
        by_op[EDGETPU] = partial(iter, [compiled])
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
        letters: dict[str, Any] = dict(pair.split("=") for pair in choices.split("; ") if pair)
        row = OpSupport(op, (first, last), types, steps=int(steps), rtol=float(rtol), **letters)
        for like in _like(reference.rows_of(op), row, name):
            constraints = (*_ALL, *_OF_OPS.get(op, ()), *like.constraints)
            whole = evolve(row, constraints=constraints, shapes=like.shapes)
            yield _quantized_inside(whole) if row.rtol >= QUANTIZED_INSIDE else whole


def _quantized_inside(row: OpSupport) -> OpSupport:
    return evolve(row, rtol=_OF_SIX * row.rtol, constraints=(*row.constraints, no_bounds))


def _like(found: Iterable[OpSupport], row: OpSupport, name: str) -> list[OpSupport]:
    """Return the reference delegate's rows that take a row's types, and have a constraint of this name."""
    fitting = [r for r in found if r.takes_types(_example(row))]
    return [r for r in fitting if not name or name in [c.name for c in r.constraints]]


def _is_whole(t: Tensor) -> bool:
    q = t.quantization
    if q is None or not len(q.scale):
        return True
    is_inside = not t.shape or 0 <= q.axis < len(t.shape)
    return is_inside and len(q.zero_point) == len(q.scale) and all(0 < s < inf for s in q.scale.tolist())


def _example(row: OpSupport) -> str:
    """Return operand types that fit a row."""
    words = row.types.replace("->", " -> ").split()
    chosen = {letter: names.split()[0] for letter, names in row.choices.items()}
    plain = [word.rstrip("?*").split("|")[0] for word in words]
    return " ".join(chosen.get(word, word) for word in plain)


_ALL = (some_values, whole_bytes, whole_parameters)
_OF_OPS = {"LSTM": (settled,), "UNIDIRECTIONAL_SEQUENCE_LSTM": (settled,)}
