"""docs/int16.md names every op that the package adds to the reference delegate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from delegraph_int16 import reference

PAGE = Path(__file__).parents[3] / "docs" / "int16.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the pages are in the repository, not in the package")
def test_every_op_is_named() -> None:
    named = set(re.findall(r"`([A-Z0-9_]+)`", PAGE.read_text()))
    named |= {f"STABLEHLO_{name}" for name in named}  # listed together
    assert {row.op for row in reference.rows()} - named == set()
