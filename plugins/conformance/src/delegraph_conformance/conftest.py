"""Fixtures of the suite's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .child import Child
from .plugin import options_of
from .subject import Subject


@pytest.fixture(scope="session")
def subject(pytestconfig: pytest.Config) -> Subject:
    """Which delegate is tested, with which options. It is loaded in the child process only."""
    name = pytestconfig.getoption("--delegate")
    if name is None:
        raise pytest.UsageError("say which delegate to test: --delegate=NAME")
    return Subject(name, options_of(pytestconfig), pytestconfig.getoption("--seed"))


@pytest.fixture(scope="session")
def child(subject: Subject) -> Iterator[Child]:
    """A process in which the delegate runs; it is replaced when it dies."""
    with Child(subject) as process:
        yield process


@pytest.fixture
def isolated(child: Child) -> Callable[..., Any]:
    """Run a function ``f(subject, *arguments)`` of a module in the child process, and return its result.

    What it raises fails the test; that the process died does, too, with the signal's name.
    """
    return child.call
