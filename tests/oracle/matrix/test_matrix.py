"""The matrix: every op, version and type gives in delegraph what it gives in LiteRT.

Here all types are tried at the last version of each resolver, and the first of them at every version;
``python tests/oracle/matrix`` tries all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest
from delegraph import load_delegate
from delegraph.contract import OpSupport, SupportTable
from delegraph_conformance.draft import NO_SCALE
from delegraph_reference import quietly

from matrix import run
from matrix.exemptions import EXEMPTIONS, SPECIAL
from matrix.facts import deaths, facts
from matrix.recipe import recipes
from matrix.report import compact, to_do
from matrix.run import DIFFERS, EXACT, ONLY_LITERT, Cell, cells, results

# What LiteRT runs and the reference delegate refuses: op, types, and why.
KNOWN: tuple[tuple[str, str, str], ...] = ()

# Versions of int16 ops that converters write and LiteRT refuses; TFLite Micro runs them.
BEYOND = {"LSTM": 5, "UNIDIRECTIONAL_SEQUENCE_LSTM": 5}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Refusals are warnings of delegraph's log, and this is about refusals."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("op", sorted(recipes()))
def test_what_litert_runs_delegraph_runs_alike(op: str) -> None:
    found = results(cells([op], every_version=False), deaths())
    wrong = [c for c in found if c.found == DIFFERS or (c.found == ONLY_LITERT and not _is_known(c))]
    assert not wrong, "\n".join(to_do(wrong))


def test_every_op_of_litert_has_a_recipe() -> None:
    assert set(facts()) <= set(recipes())


@pytest.mark.parametrize("op", sorted(op for op, fact in facts().items() if fact.types))
def test_every_type_that_ran_when_probed_is_tried(op: str) -> None:
    probed = {t.removeprefix("pt/").removesuffix("?") for t in facts()[op].types}
    tried = {t.replace(NO_SCALE, "") for t in recipes()[op].types}
    operands = {t for types in tried for t in re.split("[:>]", types)}
    assert {t for t in probed - tried - operands if not t.endswith((":pt", ":pc"))} == set()


def test_no_row_claims_a_version_that_litert_lacks() -> None:
    rows = [r for r in load_delegate("reference").table.rows if r.op in facts()]
    beyond = [
        f"{r.op} v{r.versions_text}"
        for r in rows
        if r.versions[0] < facts()[r.op].first or r.versions[1] > _last(r)
    ]
    assert beyond == []


def test_a_kernel_that_is_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    table = load_delegate("reference").table

    def off_by_one(prepare):
        return lambda op: lambda *arrays: (prepare(op)(*arrays)[0] + 1,)

    rows = [attrs.evolve(r, kernel=off_by_one(r.kernel)) for r in table.rows_of("SUB")]
    monkeypatch.setattr(run, "_table", lambda: SupportTable("reference", rows))
    (cell,) = results([Cell("SUB", 1, "int32")])
    assert cell.found == DIFFERS
    assert "24 of 24 values differ" in cell.message


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x, y: np.where(np.isnan(x - y), np.float32(0), x - y), "infinities or NaN elsewhere"),
        (lambda x, y: x - y + np.float32(0), "zeros of another sign"),
        (lambda x, y: x - y, "infinities, one of 2"),  # infinite where LiteRT ends in float32's range
    ],
)
def test_a_kernel_that_is_wrong_for_special_values_is_found(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[..., np.ndarray], words: str
) -> None:
    rows = [
        attrs.evolve(r, kernel=lambda op: quietly(lambda *xs: (wrong(*xs),)))
        for r in load_delegate("reference").table.rows_of("SUB")
    ]
    monkeypatch.setattr(run, "_table", lambda: SupportTable("reference", rows))
    (cell,) = results([Cell("SUB", facts()["SUB"].last, "float32")])
    assert cell.found == DIFFERS
    assert words in cell.message


def test_a_type_that_no_row_has_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_table", lambda: SupportTable("reference", []))
    (cell,) = results([Cell("SUB", 1, "int32")])
    assert cell.found == ONLY_LITERT
    assert "needs a row for SUB" in cell.message


def test_the_same_bits_are_exact() -> None:
    assert [c.found for c in results([Cell("SUB", 1, "int32")])] == [EXACT]


def test_exemptions_name_ops_that_there_are() -> None:
    assert {op for e in (*EXEMPTIONS, *SPECIAL) for op in e.ops} <= set(recipes())


def test_types_are_written_shortly() -> None:
    assert compact(["float32:int32", "int8:int32", "float32:int64"]) == "float32:int32/int64, int8:int32"
    assert compact(["int8", "bool"]) == "bool, int8"


def test_the_page_has_every_op() -> None:
    page = (Path(__file__).parents[3] / "docs" / "matrix.md").read_text()
    missing = [op for op in recipes() if f"| {op.replace('_', chr(92) + '_')} |" not in page]
    assert missing == [], "run python tests/oracle/matrix --write"


def _last(row: OpSupport) -> int:
    beyond = BEYOND.get(row.op, 0) if row.origin == "int16" else 0
    return max(facts()[row.op].last, beyond)


def _is_known(cell: Cell) -> bool:
    return any(cell.op == op and re.fullmatch(types, cell.types) for op, types, _ in KNOWN)
