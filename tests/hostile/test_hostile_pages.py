"""Pages have the tags that they have with ordinary names, whatever the names are.

Names are mixed of pieces that mean harm; DELEGRAPH_HOSTILE_NAMES=all tries more of them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph.cli import main
from delegraph.report import charts_html, plan_html
from hostile_names import mixed, models
from test_hostile_names import obeyed

pytest.importorskip("igraph")
COUNT = 200 if os.environ.get("DELEGRAPH_HOSTILE_NAMES") == "all" else 8
PLAIN = "plain"
CALLS = {
    "partition": ("partition M -d edgetpu --advise --html OUT", ("runs", "quantized", "custom", "strings")),
    "benchmark": ("benchmark M --runs 2 --warmup 0 --html OUT", ("runs", "quantized")),
    "compare": ("compare M -d litert --html OUT", ("runs",)),
    "report": ("report M M --data IN --runs 1 --html OUT", ("runs",)),
    "edgetpu": ("edgetpu compile M -o DIR -s --report OUT", ("quantized",)),
    "prune": ("prune M -o DIR/p.tflite --sparsity 0.5 --html OUT", ("runs",)),
    "cluster": ("cluster M -o DIR/c.tflite --clusters 2 --html OUT", ("runs",)),
}


@pytest.fixture(autouse=True)
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the scripts of libraries out: these tests are about what is this project's."""
    monkeypatch.setattr(plan_html, "libraries", list)
    monkeypatch.setattr(charts_html, "library", str)


class Tags(HTMLParser):
    """The kinds of tags of a page, with the names of their attributes, and what its data says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: set[tuple[str, ...]] = set()
        self.scripts = 0
        self.data: Any = {}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.kinds.add((tag, *sorted(name for name, _ in attributes)))
        self.scripts += tag == "script"
        self._inside = dict(attributes).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "data":
            self.data = json.loads(data)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str, str], str]:
    """Return a function that gives the page of a call, a kind of model and a name."""
    np.save(tmp_path / "in.npy", np.eye(4, dtype=np.float32)[:, None])

    def page(call: str, kind: str, name: str) -> str:
        file = tmp_path / f"{kind} {name.encode('utf-8', 'replace')[:60].hex()[:80]}.tflite"
        file.write_bytes(dict(models(name))[kind])
        out = tmp_path / "page.html"
        out.unlink(missing_ok=True)
        held = tmp_path / "out"
        held.mkdir(exist_ok=True)
        given = {"M": str(file), "IN": str(tmp_path / "in.npy"), "OUT": str(out), "DIR": str(held)}
        words = [given.get(word) or word.replace("DIR", given["DIR"]) for word in call.split()]
        result = CliRunner().invoke(main, words)
        assert out.exists(), result.output
        return out.read_text(encoding="utf-8")

    return page


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", CALLS)
def test_a_page_has_no_tag_of_a_name(command: str, written: Callable[[str, str, str], str]) -> None:
    call, kinds = CALLS[command]
    for kind in kinds:
        plain = Tags(written(call, kind, PLAIN))
        for seed in range(COUNT):
            name = mixed(seed)[: 60 if kind == "custom" else None]  # names of ops are short
            text = written(call, kind, name)
            page = Tags(text)
            assert page.kinds <= plain.kinds, f"{kind}, mixed({seed})"
            assert page.scripts == plain.scripts, f"{kind}, mixed({seed})"
            assert obeyed(text) == [], f"{kind}, mixed({seed})"
            assert list(tags_of_charts(page.data.get("charts", ()))) == [], f"{kind}, mixed({seed})"


def tags_of_charts(value: Any) -> Iterator[str]:
    """Yield texts of charts with tags that the charts' library would obey, apart from what is ours."""
    if isinstance(value, str):
        if re.search(r"<[a-zA-Z/!]", re.sub(r"<br>%\{y:|<extra></extra>", "", value)):
            yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from tags_of_charts(one)


def test_a_tag_of_a_name_is_found() -> None:
    assert Tags("<p>a<img src=x></p>").kinds == {("p",), ("img", "src")}
    assert list(tags_of_charts([{"text": ["<b>x"]}, "%{y:.3g} ms<extra></extra>"])) == ["<b>x"]
