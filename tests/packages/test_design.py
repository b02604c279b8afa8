"""docs/design.md and CONTRIBUTING.md name only what is there; no two classes have one name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "core": ROOT / "core/src/delegraph",
    "opencl": ROOT / "delegates/opencl/src/delegraph_opencl",
}
OFTEN = {"Options", "Taps"}  # each delegate has options; RESIZE_BILINEAR has taps in two packages
FOLDERS = ("core/", "delegates/", "plugins/", "tests/", "docs/")


def missing_paths(text: str) -> list[str]:
    """Return the paths of the repository that a page names in backticks, and that are not there."""
    words = [word for quoted in re.findall(r"`([^`\n]+)`", text) for word in quoted.split()]
    paths = [word for word in words if word.startswith(FOLDERS) and "<" not in word]
    return [path for path in paths if not (ROOT / path).exists()]


def rooms_of(text: str, heading: str) -> list[str]:
    """Return what the first column of the table under a heading names."""
    section = text.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def names_of_several(sources: Iterable[str]) -> set[str]:
    """Return the names that several classes share."""
    found = (n.name for s in sources for n in ast.walk(ast.parse(s)) if isinstance(n, ast.ClassDef))
    return {name for name, count in Counter(found).items() if count > 1}


@pytest.mark.parametrize("page", ["docs/design.md", "CONTRIBUTING.md"])
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    assert missing_paths((ROOT / page).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("heading", "package"), [("The rooms of core", "core"), ("The rooms of the OpenCL delegate", "opencl")]
)
def test_the_map_names_every_room_and_no_other(heading: str, package: str) -> None:
    named = rooms_of((ROOT / "docs/design.md").read_text(encoding="utf-8"), heading)
    there = [p for p in PACKAGES[package].iterdir() if (p / "__init__.py").exists() or p.suffix == ".py"]
    assert sorted(named) == sorted(p.stem for p in there if not p.stem.startswith("__"))


def test_a_path_that_is_not_there_is_seen() -> None:
    text = "`core/src/delegraph/execute.py`, `docs/` and `pytest tests/oracle/ops/test_nothing.py`"
    assert missing_paths(text) == ["core/src/delegraph/execute.py", "tests/oracle/ops/test_nothing.py"]


def test_no_two_classes_have_one_name() -> None:
    sources = [path for folder in FOLDERS[:3] for path in (ROOT / folder).glob("**/src/**/*.py")]
    assert len(sources) > 500
    assert names_of_several(path.read_text(encoding="utf-8") for path in sources) - OFTEN == set()


def test_a_name_of_two_classes_is_seen() -> None:
    assert names_of_several(["class A: pass\nclass B: pass", "def f():\n    class A: pass"]) == {"A"}
