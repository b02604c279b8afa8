"""Every op that OpenCL and the reference delegate take, its model changed in one place: refused, or right.

What OpenCL takes has to be computed as the reference delegate computes it or, where that refuses it, as
LiteRT does; in halves, of numbers that a half holds. Some changes of each op are drawn:
``OPENCL_MISSHAPEN=all`` tries every one, 30,000 in each variant of ``OPENCL_VARIANTS`` (hours), a number so
many of each op; ``OPENCL_MISSHAPEN_TABLES`` is how many the tables alone are asked of; ``OPENCL_SEED``
draws others. With delegraph-int16 its rows are among them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from attrs import evolve
from compiled_quickly import compiled_quickly
from delegraph import DelegraphError, load_delegate, read_model
from delegraph.partition import specialize
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
from one_op_opencl import CHOSEN, HALF_RTOL, loaded

OPS = ops_of(load_delegate("opencl").table)
SHARE = os.environ.get("OPENCL_MISSHAPEN", "2")  # of each op
TABLES = os.environ.get("OPENCL_MISSHAPEN_TABLES", "4")
SEED = os.environ.get("OPENCL_SEED", "0")

# Op, change and reason: what OpenCL computes otherwise than the reference delegate and LiteRT.
EXEMPT: Exemptions = (
    *ARITHMETIC_LEFT_OPEN,
    ("BATCH_MATMUL", "input . .*", "LiteRT takes scales from wrong places where several axes are stacked"),
    *(
        (op, "input [01] .*", "a computed index that is outside picks the nearest row: docs/opencl.md")
        for op in ("GATHER", "GATHER_ND", "EMBEDDING_LOOKUP")
    ),
    (".*CONV_2D|TRANSPOSE_CONV|FULLY_CONNECTED", ".*-> TANH", "it is computed; LiteRT leaves it out"),
    ("CONV_2D", "input 2 absent|the last input gone", "LiteRT wants a bias, some kernels of it"),
    ("FLOOR_DIV|DIV", "input 1 .*", "a computed divisor of 0 gives what IEEE 754 says; LiteRT refuses"),
    ("LSTM|UNIDIRECTIONAL_SEQUENCE_LSTM", ".*options.*", "no activation is the identity"),
    ("LOCAL_RESPONSE_NORMALIZATION", "alpha .*", "LiteRT computes in doubles, which overflow later"),
    ("LEAKY_RELU", "alpha .* -> 1e.38", "LiteRT's integers have no such factor"),
    ("STRIDED_SLICE", "new_axis_mask .*", "bits beyond the begins mean nothing"),
    ("SOFTMAX", "beta .*", "below 0 or infinite, it takes exp out of the range of halves"),
)
EXEMPT_HALVES: Exemptions = (
    ("MUL", ".*-> RELU6?", "a product too small for a half is a zero of its sign before the activation is"),
    ("REDUCE_M(AX|IN)", r"input 0 .* -> \(.*\b0\b.*\)", "of no values it is -3e38, infinite as a half"),
    ("LOCAL_RESPONSE_NORMALIZATION", "beta .* -> -inf", "1e-38 is 0 as a half: times infinity NaN"),
)


@pytest.fixture(autouse=True)
def _quickly() -> Iterator[None]:
    """What is asked here is which numbers are read, not how fast."""
    with compiled_quickly():
        yield


@pytest.mark.parametrize("variant", CHOSEN)
@pytest.mark.parametrize("op", OPS)
def test_a_misshapen_op_is_refused_or_computed_right(op: str, variant: str) -> None:
    options = tuple(CHOSEN[variant].items())
    wrong = []
    for case in _drawn(op):
        if problem := _problem(case, options):
            wrong.append(f"{case}: {problem}")
    assert not wrong, f"{len(wrong)} (OPENCL_SEED={SEED}):\n" + "\n".join(wrong)


@pytest.mark.parametrize("op", OPS)
def test_what_the_reference_table_refuses_opencl_refuses_or_computes_right(op: str) -> None:
    """The tables are asked of many more changes than are run: those on which they disagree."""
    wrong = [f"{c}: {p}" for c in _drawn(op, TABLES) if _opencl_alone(c) and (p := _problem(c, ()))]
    assert not wrong, f"{len(wrong)} (OPENCL_SEED={SEED}):\n" + "\n".join(wrong)


def _opencl_alone(case: Case) -> bool:
    """Say whether OpenCL takes all ops of a model of which the reference delegate refuses some."""
    try:
        graph = specialize(read_model(case.file), {}, [load_delegate("reference")]).subgraphs[0]
    except DelegraphError:
        return False
    ours, theirs = (
        [table.row_for(op, graph) is not None for op in graph.ops]
        for table in (loaded().table, load_delegate("reference").table)
    )
    return all(ours) and not all(theirs)


def _drawn(op: str, share: str = SHARE) -> list[Case]:
    """Return changes of one model for each of OpenCL's support rows that the reference has, too."""
    count = sys.maxsize if share == "all" else int(share)
    return drawn(cases(op, loaded().table, load_delegate("reference").table), f"{SEED} {op}", count)


def _problem(case: Case, options: Options) -> str | None:
    is_half = dict(options).get("precision") == "float16"
    case = evolve(case, is_half=is_half)
    how, ours = made_of(case, "opencl", options)
    if how == "refused":
        return None
    if how != "values":
        return f"{how}: {ours}"
    if exempt(case, EXEMPT) or (is_half and exempt(case, EXEMPT_HALVES)) or not any(a.size for a in ours):
        return None
    judge, theirs = "the reference delegate", made_of(case, "reference")
    if theirs[0] != "values":
        judge, theirs = "LiteRT", made_by_litert(case)
    if theirs[0] != "values":
        return f"runs, though the reference delegate and LiteRT refuse: {theirs[1]}"
    rtol = HALF_RTOL if is_half else 1e-3
    differences = (difference(a, b, steps=1, rtol=rtol) for a, b in zip(ours, theirs[1], strict=True))
    return next((f"not as {judge} computes it: {text}" for text in differences if text), None)
