"""docs/design.md and CONTRIBUTING.md name only modules, rooms and files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "core": ROOT / "core/src/delegraph",
    "opencl": ROOT / "delegates/opencl/src/delegraph_opencl",
}
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
