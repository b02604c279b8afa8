"""Every row of the reference delegate's table, its model changed in one place: refused, or right.

An operand is absent, one too many, of another rank, size, type or source; an option or an index is at an
extreme. LiteRT says what is right, where it runs the model; a refusal is one of delegraph's own errors that
says what it needs, never Python's. Some of the 50,000 changes are drawn, one of each op:
``DELEGRAPH_EXAMPLES=500`` tries as many, and others each time.
"""

from __future__ import annotations

import os

import pytest
from attrs import evolve
from campaign import WANTED
from delegraph import load_delegate
from matrix.exemptions import exemption
from misshapen_cases import (
    ARITHMETIC_LEFT_OPEN,
    Case,
    Exemptions,
    cases,
    drawn,
    exempt,
    made_by_litert,
    made_of,
    ops_of,
)
from one_op import difference

SEED = os.urandom(4).hex() if WANTED else "0"
COUNT = WANTED or 1
TABLE = load_delegate("reference").table
INSIDE = ("ADD", "CONCATENATION", "FULLY_CONNECTED", "RESHAPE", "SLICE", "SUM", "UNPACK")  # in CI

# Op, change, and what LiteRT does there that is not to be reproduced.
EXEMPT: Exemptions = (
    *ARITHMETIC_LEFT_OPEN,
    ("STABLEHLO_GATHER", "(in|out)put . .*", "it keeps the shape that the file gives the output"),
    ("aeq.hadamard_rotation", "(in|out)put 0 .*", "it keeps the shape that the file gives the output"),
    *(
        (op, ".*options.*", "seeds of 0 draw other numbers")
        for op in ("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL")
    ),
    (".*", r"custom options \[.*", "it follows what a broken FlexBuffer says without a look"),
    ("TANH", "input 0 of a tiny scale", "a multiplier of 0 is taken for another way to rescale"),
    ("RFFT2D", r"input 1 \[1\] = 1", "its transform of rows wants two values at least"),
)
# Where the op stands in a branch or a loop, besides.
EXEMPT_INSIDE: Exemptions = (
    (".*", r"(in|out)put \d \w+ -> \w+", "as many bytes are copied as the type has that the file claims"),
    ("RANK|SHAPE", ".*", "what it computes beforehand is not handed out of a subgraph"),
)


@pytest.mark.parametrize("op", ops_of(TABLE))
def test_a_misshapen_op_is_refused_or_computed_right(op: str) -> None:
    chosen = drawn(cases(op, TABLE), f"{SEED} {op}", COUNT)
    found = [f"{case}: {p}" for case in chosen if (p := problem(case))]
    assert not found, f"{len(found)} (seed {SEED}):\n" + "\n".join(found)


@pytest.mark.parametrize("around", ["IF", "WHILE"])
@pytest.mark.parametrize("op", [op for op in ops_of(TABLE) if WANTED or op in INSIDE])
def test_a_misshapen_op_of_a_branch_or_loop_is_refused_or_computed_right(op: str, around: str) -> None:
    plain = (case for case in cases(op, TABLE) if len(case.model.subgraphs) == 1)
    chosen = [evolve(case, around=around) for case in drawn(plain, f"{SEED} {op} {around}", COUNT)]
    found = [f"{case}: {p}" for case in chosen if (p := problem(case))]
    assert not found, f"{len(found)} (seed {SEED}):\n" + "\n".join(found)


def problem(case: Case) -> str | None:
    """Return in words what is wrong with a case, or None."""
    how, ours = made_of(case, "reference")
    if how != "values":
        return None if how == "refused" else f"{how}: {ours}"
    if (
        exempt(case, EXEMPT)
        or (case.around and exempt(case, EXEMPT_INSIDE))
        or exemption(case.op, case.types_now)
    ):
        return None
    how, theirs = made_by_litert(case)
    if how != "values":
        return None
    pairs = zip(ours, theirs, strict=True)
    return next((text for a, b in pairs if a.dtype != object and (text := difference(a, b))), None)
