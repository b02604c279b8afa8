"""Infinities, NaN, signed zeros, the smallest and the largest floats, in every op that OpenCL takes.

LiteRT says what becomes of them. The matrix has models of every type; ``float_cases`` larger ones for each
loop of the kernels. CI runs these of each op that are drawn; ``OPENCL_SPECIAL=all`` runs all (half an hour
in each variant of ``OPENCL_VARIANTS``), a number so many. ``OPENCL_SEED`` draws others.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence

import float_cases
import numpy as np
import pytest
import special
from attrs import frozen
from delegraph import Interpreter, Model, load_delegate, write_model
from matrix.exemptions import ALL, SIGNS, exemption, special_exemption
from matrix.recipe import recipes
from matrix.run import fact_of, relabelled
from matrix.specials import litert_answers, variations
from one_op import difference
from one_op_opencl import CHOSEN, HALF_RTOL, loaded
from taken import taken

OPS = sorted({row.op for row in load_delegate("opencl").table.rows})
SHARE = os.environ.get("OPENCL_SPECIAL", "2")
SEED = int(os.environ.get("OPENCL_SEED", "0"))
LARGEST_HALF, SMALLEST_HALF = 65504.0, 2.0**-24

# Without a kernel of LiteRT that could judge.
UNJUDGED = {"Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D"}


@frozen
class Exemption:
    """What is not compared, and why: patterns for a case's name, a feed's and a variant's."""

    case: str
    feed: str
    variant: str
    what: str  # ALL, or only the SIGNS of zeros
    why: str


EXEMPT: tuple[Exemption, ...] = (
    Exemption(
        "QUANTIZE .*",
        ".*(infinities|large|mixed).*",
        ".*",
        ALL,
        "beyond int32 LiteRT's cast is undefined in C++: the lowest number on x86, here the nearest",
    ),
    Exemption(
        "REDUCE_PROD .*",
        ".*(infinities|masks|large|mixed).*",
        ".*",
        ALL,
        "partial products leave float32's range in one order of multiplying and not in another",
    ),
    Exemption(
        "(CONV_2D|DEPTHWISE_CONV_2D) float32:u?int.*",
        ".*(infinities|masks).*",
        ".*",
        ALL,
        "LiteRT rounds an infinity otherwise where it is left over from groups of 8 numbers",
    ),
    Exemption(
        "MAX_POOL_2D .*, [67]",
        ".*",
        "gpu.*",
        SIGNS,
        "work-items share large windows: the first zero is not known",
    ),
    Exemption("ADD_N .*", ".*large.*", ".*float16", ALL, "each sum ends at the largest half, not float"),
    Exemption(
        "MEAN axes .*",
        "mixed.*",
        ".*",
        SIGNS,
        "the smallest numbers are lost in one order of adding and not in another",
    ),
    Exemption(
        "TRANSPOSE_CONV .*",
        "constants (nan|infinities|masks|mixed) .*",
        "gpu.*",
        ALL,
        "each phase of the strides multiplies zeros around the image, too",
    ),
    Exemption(
        "(SUM|MEAN) .*",
        ".*large.*",
        ".*",
        ALL,
        "partial sums leave float32's range in one order of adding and not in another",
    ),
    Exemption(
        "RESIZE_BILINEAR .*",
        ".*large.*",
        ".*",
        ALL,
        "in front of the first pixel it extrapolates, in one direction after the other",
    ),
)


@pytest.mark.parametrize("variant", CHOSEN)
@pytest.mark.parametrize("op", OPS)
def test_special_values_give_what_litert_gives(op: str, variant: str) -> None:
    wrong = [f"{name}: {text}" for name, text in _problems(op, variant)]
    assert not wrong, f"{len(wrong)} (OPENCL_SEED={SEED}):\n" + "\n".join(wrong)


@frozen(eq=False)
class Run:
    """A model and what it is fed, each feed with its name."""

    name: str
    types: str  # as the matrix writes them
    model: Model
    feeds: tuple[tuple[str, Sequence[np.ndarray]], ...]


def _problems(op: str, variant: str) -> Iterator[tuple[str, str]]:
    runs = list(_larger(op, "float16" if "float16" in variant else "float32"))
    runs += [] if "float16" in variant else list(_small(op))
    if SHARE != "all":
        runs = random.Random(f"{SEED} {op}").sample(runs, min(int(SHARE), len(runs)))
    for run in runs:
        answers = _answers(op, run)
        if answers is not None:
            yield from _differing(op, run, answers, variant)


def _larger(op: str, dtype: str) -> Iterator[Run]:
    """Yield the larger models; with float16 their inputs are numbers that halves hold."""
    for case in float_cases.cases(op):
        kinds = [dtype if t == "float32" else t for t in case.dtypes]
        ordinary = [a.astype(dtype) if a.dtype == np.float32 else a for a in case.arrays]
        found = special.feeds(kinds, ordinary)
        feeds = ((f.name, [_single(op, i, a) for i, a in enumerate(f.arrays)]) for f in found)
        yield Run(case.name, "float32", case.model, tuple(feeds))


def _single(op: str, i: int, array: np.ndarray) -> np.ndarray:
    """Return an input in float32; LiteRT refuses zeros as divisors of FLOOR_DIV."""
    array = array.astype(np.float32) if array.dtype == np.float16 else array
    return np.where(array == 0, np.float32(2), array) if op == "FLOOR_DIV" and i == 1 else array


def _small(op: str) -> Iterator[Run]:
    """Yield the matrix's models that OpenCL takes, with other activations and constants, too."""
    made = recipes().get(op)
    for types in made.types if made else ():
        if exemption(op, types) or (draft := taken(op, types)) is None:
            continue
        for v in variations(draft, draft.model()):
            feeds = tuple((f"{v.name}{name}", draft.fed(values)) for name, values in v.feeds)
            yield Run(f"{op} {types}", types, v.model, feeds)


def _answers(op: str, run: Run) -> list[list[np.ndarray] | None] | None:
    batches = [arrays for _, arrays in run.feeds]
    last = run.model.subgraphs[0].ops[0].version
    for resolver, version in fact_of(op).answers(last):
        found = litert_answers(write_model(relabelled(run.model, op, version)), batches, resolver)
        if found is not None and any(a is not None for a in found):
            return found
    return None


def _differing(
    op: str, run: Run, answers: list[list[np.ndarray] | None], variant: str
) -> Iterator[tuple[str, str]]:
    delegates = [loaded(tuple(CHOSEN[variant].items()))]
    interpreter = Interpreter(model=run.model, delegates=delegates, require_full_delegation=True)
    allowed = _allowed(interpreter, variant)
    for (feed, arrays), theirs in zip(run.feeds, answers, strict=True):
        exempt = special_exemption(op, run.types, feed) or _exemption(run.name, feed, variant)
        if theirs is None or exempt == ALL:
            continue
        interpreter.reset_all_variables()
        given = {t.index: a for t, a in zip(run.model.subgraphs[0].inputs, arrays, strict=True)}
        for a, b in zip(interpreter.run(given).values(), theirs, strict=True):
            a = _as_a_half(a, b) if "float16" in variant else a
            if text := difference(a, b, zero_signs=exempt != SIGNS, **allowed):
                yield f"{run.name}, {feed}", text


def _allowed(interpreter: Interpreter, variant: str) -> dict[str, float]:
    """Return how far results may be off: what the support rows claim."""
    plan = interpreter.plan
    graph, table = plan.subgraphs[0].graph, loaded(tuple(CHOSEN[variant].items())).table
    rows = [row for op in plan.partitions[0].ops if (row := table.row_for(op, graph))]
    rtol = max(sum(row.rtol for row in rows), HALF_RTOL if "float16" in variant else 0.0)
    return {"steps": max(row.steps for row in rows), "rtol": rtol}


def _as_a_half(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Take what halves hold of what no half holds: the largest one, infinity, or a zero of its sign."""
    if ours.dtype != np.float32:
        return ours
    beyond = (np.abs(theirs) > LARGEST_HALF) & (np.abs(ours) >= LARGEST_HALF)
    below = (np.abs(theirs) < SMALLEST_HALF) & (np.abs(ours) <= SMALLEST_HALF)
    return np.where((beyond | below) & (np.signbit(ours) == np.signbit(theirs)), theirs, ours)


def _exemption(case: str, feed: str, variant: str) -> str | None:
    found = (
        e.what
        for e in EXEMPT
        if re.fullmatch(e.case, case) and re.fullmatch(e.feed, feed) and re.fullmatch(e.variant, variant)
    )
    return next(found, None)
