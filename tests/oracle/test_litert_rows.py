"""The table of delegraph-litert is what LiteRT runs: some ops are measured again.

``LITERT_ROWS=all`` measures all, in about a minute.
"""

from __future__ import annotations

import os
from zlib import crc32

import attrs
import litert
import litert_rows
import pytest
from delegraph import load_delegate
from litert_rows import LEFT_OUT, TABLE, Claim, Probe, lines, probes
from matrix.facts import deaths, facts
from matrix.recipe import recipes

ALL = os.environ.get("LITERT_ROWS") == "all"
MEASURED = [op for op in sorted(facts()) if ALL or crc32(op.encode()) % 16 == 0]
RESOLVERS = ("auto", "builtin_without_default_delegates", "builtin_ref")

needs_litert = pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed")


@needs_litert
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", MEASURED)
def test_the_lines_of_an_op_are_what_was_measured(op: str) -> None:
    written = [line for line in TABLE.read_text().splitlines() if line.startswith(f"{op}\t")]
    assert lines(probes([op])) == written, "run python tests/oracle/litert_rows.py --write"


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_no_row_takes_a_model_that_litert_dies_of(resolver: str) -> None:
    table = load_delegate("litert", {"resolver": resolver}).table
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
    tables = [load_delegate("litert", {"resolver": resolver}).table for resolver in RESOLVERS]
    rows = {(r.op, r.types) for table in tables for r in table.rows}
    assert {(op, types) for op, _, _, types in pairs} - rows == set()


def test_ops_whose_state_or_shapes_litert_cannot_be_trusted_with_are_left_out() -> None:
    assert {r.op for r in load_delegate("litert").table.rows} & {*LEFT_OUT} == set()


def test_a_row_that_was_too_far_off_is_not_claimed() -> None:
    (row,) = load_delegate("reference").table.rows_of("LOGICAL_NOT")
    probe = Probe("LOGICAL_NOT", "bool", "bool -> bool", row, {litert_rows.XNNPACK: Claim(0, 0.5)})
    assert probe.claim(litert_rows.XNNPACK) is None
    near = attrs.evolve(probe, found={litert_rows.XNNPACK: Claim(0, 4e-5)})
    assert near.claim(litert_rows.XNNPACK) == Claim(0, 2e-4)
