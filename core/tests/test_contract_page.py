"""The page that documents the contract of run names each member of a delegate as the code has it."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from pathlib import Path

import pytest
from delegraph import Delegate

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"


def members() -> set[str]:
    """Return the public members of a delegate as the page's headings write them."""
    found = set()
    for name in {*Delegate.__annotations__, *vars(Delegate)} - {"Delegate"}:
        if name.startswith("_") and name != "__init__":
            continue
        value = vars(Delegate).get(name, inspect.Parameter.empty)
        if inspect.isfunction(value):
            arguments = list(inspect.signature(value).parameters)[1:]
            found.add(f"{name}({', '.join(arguments)})")
        elif value is inspect.Parameter.empty or isinstance(value, (property, cached_property)):
            found.add(name)
        else:
            found.add(f"{name} = {getattr(value, '__name__', None) or repr(value)}")
    return found


@pytest.fixture
def sections() -> dict[str, str]:
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    text = PAGE.read_text(encoding="utf-8")
    _, *parts = re.split(r"^### `(.*)`$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_each_member_of_a_delegate_is_on_the_page_as_it_is_in_the_code(sections: dict[str, str]) -> None:
    assert set(sections) == members()


def test_a_method_says_when_it_is_called_and_what_it_returns(sections: dict[str, str]) -> None:
    for heading, text in sections.items():
        if re.fullmatch(r"[a-z]\w*\(.*\)", heading):
            assert "Called" in text, heading
            assert "eturns" in text or "Gives back" in text, heading
