"""What authors of plugins may rely on: exactly what is exported, recorded, documented and typed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import delegraph
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from api_record import RECORD, definition, members, record

SOURCES = Path(delegraph.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def classes_of_core() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    return set(re.findall(r"^class ([A-Z]\w*)", text, re.MULTILINE))


def test_a_change_of_what_is_exported_is_a_decision() -> None:
    changed = record() != RECORD.read_text(encoding="utf-8")
    assert not changed, (
        "is it meant? Then: python core/tests/api_record.py --write, and docs/compatibility.md"
    )


def test_a_class_that_the_public_interface_names_is_public() -> None:
    public = record().partition("# delegraph.interpreter")[0]
    named = set(re.findall(r"\w+", re.sub(r"'[^'\n]*'", "", public)))
    elsewhere = {"OpResolverType", "Options"}  # of delegraph.interpreter; Delegate.Options, a member
    assert named & classes_of_core() - set(delegraph.__all__) == elsewhere


def test_the_page_has_every_exported_name() -> None:
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    said = re.findall(r"^\.\. [\w:]+:: delegraph\.(\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(said) == sorted(delegraph.__all__)  # their fields: docs/field_comments.py


def test_a_new_field_and_another_default_change_the_record() -> None:
    names = [m.target.id for m in members(definition("Event", "delegraph"))]
    assert names == ["name", "seconds", "op", "subgraph", "delegate", "detail", "nbytes", "flops"]
    assert "    seconds: float\n    op: int | None = None\n" in record()
