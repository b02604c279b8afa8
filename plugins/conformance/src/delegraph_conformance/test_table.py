"""The delegate can be loaded, and its table is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .subject import Subject


def test_it_loads_and_claims_something(isolated: Callable[..., Any]) -> None:
    assert isolated(_claims) > 0


def _claims(subject: Subject) -> int:
    return len(subject.delegate.table.rows)
