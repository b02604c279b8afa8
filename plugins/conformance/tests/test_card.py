"""Support cards: what came of cases, op by op, in three forms."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from delegraph_conformance.card import card_of, write_card

ABOUT = {"delegate": "npu", "options": {"bits": "8"}, "versions": {"delegraph": "0.1.0"}}


def result(**other: Any) -> dict[str, Any]:
    usual = {"op": "ADD", "version": 1, "types": "int8:int8>int8", "kind": "delegated", "steps": 0.0}
    return {**usual, "rtol": 0.0, "seconds": None, "why": "", **other}


CARD = card_of(
    ABOUT,
    [
        result(seconds=2.5e-5),
        result(version=2, steps=1.0, seconds=1.0),
        result(version=4),
        result(types="float32:float32>float32", kind="refused", why="needs int8, found <float32>"),
    ],
)


def test_cases_that_ended_alike_are_one_line() -> None:
    refused, delegated = CARD["lines"]
    assert refused["why"] == "needs int8, found <float32>"
    assert delegated["versions"] == [1, 2, 4]
    assert (delegated["cases"], delegated["steps"], delegated["microseconds"]) == (3, 1.0, 25.0)


def test_json_holds_it_all(tmp_path: Path) -> None:
    write_card(tmp_path / "card.json", CARD)
    assert json.loads((tmp_path / "card.json").read_text()) == CARD


def test_markdown_is_a_table(tmp_path: Path) -> None:
    write_card(tmp_path / "card.md", CARD)
    text = (tmp_path / "card.md").read_text()
    assert text.startswith(
        "# Support card of npu bits=8\n\n1 ops; cases of ops: 3 delegated, 1 refused; delegraph 0.1.0"
    )
    assert "| ADD | 1–2, 4 | int8:int8>int8 | delegated | 3 | 1 |  | 25 |  |" in text


def test_the_page_needs_nothing_else_and_escapes(tmp_path: Path) -> None:
    write_card(tmp_path / "card.html", CARD)
    text = (tmp_path / "card.html").read_text()
    assert "<td>needs int8, found &lt;float32&gt;</td>" in text
    assert "http" not in text
    cells = Cells()
    cells.feed(text)
    assert cells.found[9:] == ["ADD", "1–2, 4", "int8:int8>int8", "delegated", "3", "1", "", "25", ""]


def test_failures_stand_first_and_tests_that_are_no_cases_are_named(tmp_path: Path) -> None:
    about = {
        **ABOUT,
        "tests": {"passed": 2, "failed": 2},
        "failures": ["test_op[SUB]", "test_behaviour[<x>]"],
    }
    wrong = result(op="SUB", kind="failed", steps=3.0, why="off by 3 steps, the row claims 1")
    write_card(tmp_path / "card.html", card_of(about, [result(), wrong]))
    text = (tmp_path / "card.html").read_text()

    assert text.index("off by 3 steps") < text.index("<td>ADD</td>")
    assert "cases of ops: 1 failed, 1 delegated; all tests: 2 passed, 2 failed" in text
    assert "<summary>2 tests failed</summary>" in text
    assert "<li>test_behaviour[&lt;x&gt;]" in text
    assert 'name="failed" checked> 1 failed' in text


@pytest.mark.parametrize("suffix", [".html", ".md"])
def test_a_card_of_nothing_can_be_written(suffix: str, tmp_path: Path) -> None:
    write_card(tmp_path / f"card{suffix}", card_of(ABOUT, []))
    assert "0 ops; cases of ops: none" in (tmp_path / f"card{suffix}").read_text()


class Cells(HTMLParser):
    """The texts of a page's table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_cell = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "td":
            self._is_cell = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = self._is_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.found[-1] += data
