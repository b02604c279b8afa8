"""Fixtures of the suite's tests, and the cases that they are called with."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from .catalogue import CaseName, every_name
from .child import Child
from .collected import authors_ids, claimed_ops
from .plugin import UNAVAILABLE, options_of
from .subject import Subject

OTHERS = 100  # cases of ops that are not in the table: each is refused, for the same reason
_CHILD = pytest.StashKey[Child]()
_WHY = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def subject(pytestconfig: pytest.Config) -> Subject:
    """Which delegate is tested, with which options. It is loaded in the child process only."""
    return _subject(pytestconfig)


@pytest.fixture(scope="session")
def child(pytestconfig: pytest.Config) -> Child:
    """A process in which the delegate runs; it is replaced when it dies."""
    return _child(pytestconfig)


@pytest.fixture
def isolated(child: Child) -> Callable[..., Any]:
    """Run a function ``f(subject, *arguments)`` of a module in the child process, and return its result.

    What it raises fails the test; that the process died does, too, with the signal's name.
    """
    return child.call


@pytest.fixture(autouse=True)
def available(request: pytest.FixtureRequest) -> None:
    """Skip every test where the delegate says that it cannot work on this machine, or stop there."""
    if why := _why_unavailable(request.config):
        text = f"{request.config.getoption('--delegate')} is not available on this machine: {why}"
        request.node.user_properties.append((UNAVAILABLE, why))
        if not request.config.getoption("--require-available"):
            pytest.skip(text)
        request.session.shouldfail = text
        pytest.fail(text, pytrace=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Call a test of the suite with each case."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", _cases(metafunc.config), ids=str)
    for name, listed in (("authors_case", authors_ids), ("claimed_op", claimed_ops)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, _listed(metafunc.config, listed))


def _cases(config: pytest.Config) -> list[CaseName]:
    """Return the cases that are tried: by default those of the ops in the table, and some of others."""
    found, most = list(every_name()), config.getoption("--cases")
    if most is not None:
        return _drawn(found, most, config)
    claimed = set(_listed(config, claimed_ops))
    others = set(_drawn([name for name in found if name.op not in claimed], OTHERS, config))
    return [name for name in found if name.op in claimed or name in others]


def _drawn(names: list[CaseName], most: int, config: pytest.Config) -> list[CaseName]:
    """Return so many names, drawn by the seed; they stay in order."""
    if most >= len(names):
        return names
    places = Random(config.getoption("--seed")).sample(range(len(names)), most)
    return [names[place] for place in sorted(places)]


def _listed(config: pytest.Config, listed: Callable[[Subject], list[str]]) -> list[str]:
    """Return what the delegate's process lists; of a delegate that does not load, what then fails."""
    try:
        found: list[str] = _child(config).call(listed)
    except pytest.fail.Exception:
        return ["unavailable"]
    return found


def _why_unavailable(config: pytest.Config) -> str:
    """Return why the delegate cannot work here, asked once; "" where it can, or is broken and must fail."""
    if _WHY not in config.stash:
        try:
            config.stash[_WHY] = _child(config).call(_reason)
        except pytest.fail.Exception:
            config.stash[_WHY] = ""
    return config.stash[_WHY]


def _reason(subject: Subject) -> str:
    """Return what the delegate says. One whose package cannot be imported has no rows, and is broken."""
    return (subject.delegate.unavailable() or "") if subject.delegate.table.rows else ""


def _subject(config: pytest.Config) -> Subject:
    name = config.getoption("--delegate")
    if name is None:
        raise pytest.UsageError("say which delegate to test: --delegate=NAME")
    return Subject(name, options_of(config), config.getoption("--seed"))


def _child(config: pytest.Config) -> Child:
    """Return the process, started when it is first asked for and ended with pytest."""
    if _CHILD not in config.stash:
        config.stash[_CHILD] = Child(_subject(config))
        config.add_cleanup(config.stash[_CHILD].close)
    return config.stash[_CHILD]
