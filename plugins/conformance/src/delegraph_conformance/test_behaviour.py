"""How the delegate behaves, whatever it computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .behaviour.checks import CHECKS
from .subject import Subject

SECONDS = 300.0  # for a check: the first one makes the samples, and a delegate may compile in each of them


@pytest.mark.parametrize("check", CHECKS)
def test_behaviour(check: str, isolated: Callable[..., Any]) -> None:
    if found := isolated(_found, check, seconds=SECONDS):
        pytest.fail("\n".join(found), pytrace=False)


def _found(subject: Subject, check: str) -> list[str]:
    return list(CHECKS[check](subject))
