"""The tutorial quotes all of its example packages, and shows what the commands print."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from delegraph import Plugins
from delegraph.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "writing-a-delegate.md").read_text(encoding="utf-8")
QUOTE = re.compile(r"^```\{literalinclude\} (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def quoted(options: str, lines: list[str]) -> range:
    """Return the lines that a quote shows."""
    marks = dict(re.findall(r"^:([\w-]+): '(.*)'$", options, re.MULTILINE))
    first, last = 0, len(lines)
    if "start-at" in marks:
        first = next(i for i, line in enumerate(lines) if marks["start-at"] in line)
    if "end-before" in marks:
        last = next(i for i, line in enumerate(lines) if marks["end-before"] in line and i > first)
    return range(first, last)


@pytest.mark.parametrize("name", ["halfnpu", "openvino"])
def test_every_line_of_an_example_is_quoted_once(name: str) -> None:
    file = f"example/delegraph-{name}/delegraph_{name}.py"
    lines = (DOCS / file).read_text(encoding="utf-8").splitlines()
    shown = [i for found, options in QUOTE.findall(PAGE) if found == file for i in quoted(options, lines)]
    assert sorted(shown) == list(range(len(lines)))


def test_every_quote_is_of_something() -> None:
    for file, options in QUOTE.findall(PAGE):
        assert len(quoted(options, (DOCS / file).read_text(encoding="utf-8").splitlines())) > 2


def test_the_first_package_is_under_100_lines() -> None:
    assert len((DOCS / "example/delegraph-halfnpu/delegraph_halfnpu.py").read_text().splitlines()) < 100


def test_the_table_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    place = DOCS / "example" / "delegraph-halfnpu" / "delegraph_halfnpu.py"
    spec = importlib.util.spec_from_file_location("delegraph_halfnpu", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    plugins = Plugins()
    plugins.register(module, "halfnpu")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: plugins))
    shown = re.search(r"^\$ delegraph (support halfnpu)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    printed = CliRunner().invoke(main, shown[1].split()).stdout
    assert [line.rstrip() for line in printed.strip().splitlines()] == shown[2].strip().splitlines()
