"""Importing plugins: which are left out because somebody says so, and which one was just imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from types import CodeType, FunctionType
from typing import Any

from ..contract.guard import begin
from .entry_points import EntryPoint, entry_points

GROUP = "delegraph"  # of entry points
OFF = "DELEGRAPH_PLUGINS_OFF"  # names of plugins to leave out, separated by commas
SLOW = 1.0  # seconds: imports that take longer are named


def published() -> list[EntryPoint]:
    """Return the entry points of plugins, by name; once, though a folder may be on the path twice."""
    found = {(ep.name, ep.value): ep for ep in entry_points(GROUP)}
    return [found[key] for key in sorted(found)]


def turned_off() -> set[str]:
    """Return the names of the plugins that are to be left out."""
    return {name.strip() for name in os.environ.get(OFF, "").split(",")} - {""}


@contextmanager
def turning_off(names: Iterable[str]) -> Iterator[None]:
    """Leave plugins out, in this process and in those that it starts."""
    before = os.environ.get(OFF)
    os.environ[OFF] = ",".join(sorted(turned_off() | set(names)))
    try:
        yield
    finally:
        if before is None:
            del os.environ[OFF]
        else:
            os.environ[OFF] = before


def loaded(ep: EntryPoint) -> Any:
    """Import a plugin; what it prints goes to stderr.

    Where that ends the process, faulthandler prints the functions that were running by their names: the one
    that imports is named for the plugin.
    """
    begin(lambda: f"import of plugin {ep.name!r}")
    code = _load.__code__.replace(co_name=f"<import of plugin {ep.name!r}; -p no:{ep.name} leaves it out>")
    with redirect_stdout(sys.stderr):
        return FunctionType(_named_whole(code), globals())(ep)


def _load(ep: EntryPoint) -> Any:
    return ep.load()


def _named_whole(code: CodeType) -> CodeType:
    if sys.version_info >= (3, 11):
        return code.replace(co_qualname=code.co_name)
    return code
