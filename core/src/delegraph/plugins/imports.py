"""Importing plugins: which are left out because somebody says so, and which one ends the process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from importlib.metadata import EntryPoint, entry_points
from types import CodeType, FunctionType
from typing import Any

GROUP = "delegraph"  # of entry points
OFF = "DELEGRAPH_PLUGINS_OFF"  # names of plugins to leave out, separated by commas
SLOW = 1.0  # seconds: imports that take longer are named
_PATIENCE = 60.0  # seconds that an import may take where it is tried


def published() -> list[EntryPoint]:
    """Return the entry points of plugins, by name; once, though a folder may be on the path twice."""
    found = {(ep.name, ep.value): ep for ep in entry_points(group=GROUP)}
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
    code = _load.__code__.replace(co_name=f"<import of plugin {ep.name!r}; -p no:{ep.name} leaves it out>")
    with redirect_stdout(sys.stderr):
        return FunctionType(_named_whole(code), globals())(ep)


def _load(ep: EntryPoint) -> Any:
    return ep.load()


def _named_whole(code: CodeType) -> CodeType:
    if sys.version_info >= (3, 11):
        return code.replace(co_qualname=code.co_name)
    return code


def how_it_ends(ep: EntryPoint) -> str | None:
    """Import a plugin in a process of its own; return how that ended the process, None if it did not."""
    program = f"import {__name__} as imports; imports.try_alone({ep.name!r}, {ep.value!r})"
    try:
        found = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"its import takes more than {_PATIENCE:.0f} s"
    if b"\n" + _ALIVE in b"\n" + found.stdout:
        return None
    ended = f"signal {-found.returncode}" if found.returncode < 0 else f"exit code {found.returncode}"
    return f"its import ends the process ({ended})"


_ALIVE = b"alive"


def try_alone(name: str, value: str) -> None:
    """Import a plugin, and say so whatever it raised."""
    with suppress(BaseException):  # whoever imports it says what it raises
        loaded(EntryPoint(name, value, GROUP))
    os.write(1, b"\n" + _ALIVE)
    os._exit(0)
