"""Outputs that claim another type than their op gives them: LiteRT's type counts, whatever the file says.

A few claims are tried of each op; ``CLAIMED_TYPES=all`` tries every one (60,000, an hour).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from zlib import crc32

import pytest
from claimed_types import (
    CLAIMS,
    SITES,
    Found,
    Program,
    apart,
    claims,
    litert_s,
    loop,
    ours,
    places_of,
    program,
)
from delegraph import shapes
from matrix.facts import deaths
from matrix.recipe import recipes
from matrix.run import fact_of

ALL = os.environ.get("CLAIMED_TYPES") == "all"
OPS = sorted(recipes())
DEAD = {(d.op, d.types) for d in deaths()}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Refusals are warnings of delegraph's log, and this is about refusals."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", OPS)
def test_an_output_has_the_type_that_litert_gives_it(op: str) -> None:
    wrong = [f"{p}: {why}" for p, right in _programs(op) if (why := apart(p, right))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("site", range(len(SITES)), ids=SITES)
def test_a_loop_s_values_have_the_types_that_litert_gives_them(site: int) -> None:
    right = litert_s(loop(0, ""))
    tried = (loop(site, claim) for claim in CLAIMS if ALL or crc32(f"{site}{claim}".encode()) % 3 == 0)
    wrong = [f"{p}: {why}" for p in tried if (why := apart(p, right))]
    assert not wrong, "\n".join(wrong)


def test_an_op_whose_claim_is_kept_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = recipes()["ADD"].draft(1, "float32")
    right = litert_s(program(draft, "float32", "alone"))
    claimed = program(draft, "float32", "alone", 0, "int32")
    assert apart(claimed, right) is None
    monkeypatch.setattr(shapes, "output_types", lambda op: [t.dtype for t in op.outputs])
    assert "delegraph refuses" in (apart(claimed, right) or "")


def _programs(op: str) -> Iterator[tuple[Program, Found]]:
    """Yield programs with a wrong claim, and what LiteRT gives for the right one."""
    for types in recipes()[op].types:
        if (op, types) in DEAD:
            continue
        draft = recipes()[op].draft(fact_of(op).last, types)
        places = places_of(draft)
        chosen = places if ALL else places[:1] + places[1:][_dice(op, types) % 3 :][:1]
        rights = {p: r for p in chosen if (r := _right(program(draft, types, p))) is not None}
        for place, right in rights.items():
            for output in range(1 if place == "as the input of a branch" else len(draft.outputs)):
                some = claims(draft, place, output)
                some = some if ALL or not some else [some[_dice(op, types, place, str(output)) % len(some)]]
                yield from ((program(draft, types, place, output, c), right) for c in some)
        if rights and not ALL:
            return


def _right(right: Program) -> Found | None:
    """Return LiteRT's answer to a program with the right types; None if that is no ground to stand on."""
    found = litert_s(right)
    return found if found.outputs and ours(right).outputs and apart(right, found) is None else None


def _dice(*words: str) -> int:
    return crc32(" ".join(words).encode())
