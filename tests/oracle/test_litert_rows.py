"""The table of delegraph-litert is what LiteRT runs: some ops are measured again.

``LITERT_ROWS=all`` measures all, in about a minute.
"""

from __future__ import annotations

import os
from functools import cache
from zlib import crc32

import attrs
import litert
import litert_rows
import pytest
from delegraph import SupportTable, load_delegate
from litert_rows import LEFT_OUT, TABLE, Claim, Probe, probes
from matrix.facts import deaths, facts
from matrix.recipe import recipes

ALL = os.environ.get("LITERT_ROWS") == "all"
MEASURED = [op for op in sorted(facts()) if ALL or crc32(op.encode()) % 16 == 0]
RESOLVERS = {  # as the option names them, and as LiteRT does
    "auto": litert_rows.XNNPACK,
    "builtin_without_default_delegates": litert_rows.PLAIN,
    "builtin_ref": litert_rows.REF,
}

needs_litert = pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed")


@needs_litert
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", MEASURED)
def test_what_is_claimed_of_an_op_is_what_litert_does(op: str) -> None:
    wrong = [why for probe in probes([op]) for resolver in RESOLVERS if (why := beyond(probe, resolver))]
    assert not wrong, "\n".join(["run python tests/oracle/litert_rows.py --write", *wrong])


def beyond(probe: Probe, resolver: str) -> str | None:
    """Return in words how LiteRT is further off than a row claims, or refuses what it takes; or None."""
    row = None if probe.tested is None else tables()[resolver].row_for(probe.tested)
    if row is None:
        return None
    name = RESOLVERS[resolver]
    found = probe.found.get(name)
    if found is None:
        return f"{probe.types}, {resolver}: {probe.problems.get(name, 'it has no such op')}"
    fits = found.steps <= row.steps and found.rtol <= row.rtol
    return None if fits else f"{probe.types}, {resolver}: {found}, the row claims {row.steps} {row.rtol}"


@cache
def tables() -> dict[str, SupportTable]:
    """Return the tables by resolver."""
    return {resolver: load_delegate("litert", {"resolver": resolver}).table for resolver in RESOLVERS}


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_no_row_takes_a_model_that_litert_dies_of(resolver: str) -> None:
    table = tables()[resolver]
    taken = []
    for death in deaths():
        if death.op in facts() and (death.resolver == "BUILTIN_REF") == (resolver == "builtin_ref"):
            draft = recipes()[death.op].draft(facts()[death.op].last, death.types)
            graph = draft.model().subgraphs[0]
            if draft._op >= 0 and table.row_for(draft.op_of(graph), graph) is not None:
                taken.append(death)
    assert taken == []


def test_every_line_finds_the_reference_delegate_s_row() -> None:
    pairs = {tuple(line.split("\t")[:4]) for line in TABLE.read_text().splitlines()[4:]}
    rows = {(r.op, r.types) for table in tables().values() for r in table.rows}
    assert {(op, types) for op, _, _, types in pairs} - rows == set()


def test_ops_whose_state_or_shapes_litert_cannot_be_trusted_with_are_left_out() -> None:
    assert {r.op for r in load_delegate("litert").table.rows} & {*LEFT_OUT} == set()


def test_a_row_that_was_too_far_off_is_not_claimed() -> None:
    (row,) = load_delegate("reference").table.rows_of("LOGICAL_NOT")
    probe = Probe("LOGICAL_NOT", "bool", "bool -> bool", row, found={litert_rows.XNNPACK: Claim(0, 0.5)})
    assert probe.claim(litert_rows.XNNPACK) is None
    near = attrs.evolve(probe, found={litert_rows.XNNPACK: Claim(0, 4e-5)})
    assert near.claim(litert_rows.XNNPACK) == Claim(0, 2e-4)


@needs_litert
def test_a_claim_that_is_too_narrow_is_found() -> None:
    (probe,) = (p for p in probes(["LOGICAL_NOT"]) if p.types == "bool")
    assert beyond(probe, "auto") is None
    assert "claims" in (beyond(attrs.evolve(probe, found={litert_rows.XNNPACK: Claim(1, 0)}), "auto") or "")
    refused = attrs.evolve(probe, found={}, problems={litert_rows.XNNPACK: "no such type"})
    assert "no such type" in (beyond(refused, "auto") or "")
