"""Every op that OpenCL and the reference delegate take, its model changed in one place: refused, or right.

What OpenCL takes has to be computed as the reference delegate computes it or, where that refuses it, as
LiteRT does. Some changes of each op are drawn: ``OPENCL_MISSHAPEN=all`` tries every one, 14,000 in each
variant of ``OPENCL_VARIANTS`` (hours), a number so many of each op. ``OPENCL_SEED`` draws others.
"""

from __future__ import annotations

import os
import sys

import pytest
from delegraph import load_delegate
from misshapen_cases import (
    ARITHMETIC_LEFT_OPEN,
    Case,
    Exemptions,
    Options,
    cases,
    drawn,
    exempt,
    made_by_litert,
    made_of,
    ops_of,
)
from one_op import difference
from one_op_opencl import CHOSEN, loaded

OPS = ops_of(load_delegate("opencl").table)
SHARE = os.environ.get("OPENCL_MISSHAPEN", "3")
SEED = os.environ.get("OPENCL_SEED", "0")

# Op, change and reason: what OpenCL computes otherwise than the reference delegate and LiteRT.
EXEMPT: Exemptions = (
    *ARITHMETIC_LEFT_OPEN,
    ("BATCH_MATMUL", "input . .*", "LiteRT takes scales from wrong places where several axes are stacked"),
    *(
        (op, r"input [01] \(.*", "a computed index that is outside picks the nearest row: docs/opencl.md")
        for op in ("GATHER", "GATHER_ND", "EMBEDDING_LOOKUP")
    ),
    ("SOFTMAX", "beta .*", "below 0 or infinite, it takes exp out of the range of halves"),
)


@pytest.mark.parametrize("variant", CHOSEN)
@pytest.mark.parametrize("op", OPS)
def test_a_misshapen_op_is_refused_or_computed_right(op: str, variant: str) -> None:
    options = tuple(CHOSEN[variant].items())
    wrong = []
    for case in _drawn(op):
        if problem := _problem(case, options):
            wrong.append(f"{case}: {problem}")
    assert not wrong, f"{len(wrong)} (OPENCL_SEED={SEED}):\n" + "\n".join(wrong)


def _drawn(op: str) -> list[Case]:
    """Return changes of one model for each of OpenCL's support rows that the reference has, too."""
    count = sys.maxsize if SHARE == "all" else int(SHARE)
    return drawn(cases(op, loaded().table, load_delegate("reference").table), f"{SEED} {op}", count)


def _problem(case: Case, options: Options) -> str | None:
    how, ours = made_of(case, "opencl", options)
    if how == "refused":
        return None
    if how != "values":
        return f"{how}: {ours}"
    if exempt(case, EXEMPT) or not any(a.size for a in ours):
        return None
    judge, theirs = "the reference delegate", made_of(case, "reference")
    if theirs[0] != "values":
        judge, theirs = "LiteRT", made_by_litert(case)
    if theirs[0] != "values":
        return f"runs, though the reference delegate and LiteRT refuse: {theirs[1]}"
    differences = (difference(a, b, steps=1, rtol=1e-3) for a, b in zip(ours, theirs[1], strict=True))
    return next((f"not as {judge} computes it: {text}" for text in differences if text), None)
