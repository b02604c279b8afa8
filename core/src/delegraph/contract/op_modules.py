"""Support rows of a package with one module per op: a module is imported when somebody asks for its op."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from importlib.machinery import all_suffixes
from types import ModuleType

from ..errors import PluginError
from ..log import logger
from .guard import said
from .support_row import OpSupport
from .support_table import Rows, RowsByOp, letters_of

Read = Callable[[ModuleType], Iterable[OpSupport]]


def rows_of_modules(
    package: str, path: Iterable[str], read: Read, delegate: str, table: Mapping[str, Rows] | None = None
) -> RowsByOp:
    """Return the rows of a package's modules, found by looking; ``_name`` is no op's.

    A module has its op's name, in small letters and with underscores anywhere: ``conv_2d`` has the rows of
    CONV_2D, ``max_unpooling_2d`` those of MaxUnpooling2D. One that cannot be imported, or has another op's
    rows, costs its own op alone; a warning names it.

    :param package: its ``__name__``.
    :param path: its ``__path__``.
    :param read: returns the rows of a module.
    :param delegate: whose rows they are, for the warning.
    :param table: functions that return the rows of an op without a module, by op: rows without code.
    """

    def of_module(name: str) -> Iterable[OpSupport]:
        return read(import_module(f"{package}.{name}"))

    finders: dict[str, Rows] = {name: partial(of_module, name) for name in _modules(path)}
    finders |= {op.lower(): rows for op, rows in (table or {}).items()}
    place = f"{delegate} lacks the op of {package}"
    return RowsByOp({letters_of(n): partial(_rows, f"{place}.{n}", n, finders[n]) for n in sorted(finders)})


def _modules(path: Iterable[str]) -> set[str]:
    """Return the names of modules that are no private ones, without importing any."""
    found: set[str] = set()
    for place in path:
        try:
            with os.scandir(place) as entries:
                found |= {entry.name.partition(".")[0] for entry in entries if _is_module(entry)}
        except OSError:  # in an archive, say; pkgutil takes three times as long in a folder
            from pkgutil import iter_modules

            found |= {module.name for module in iter_modules([place])}
    return {name for name in found if not name.startswith("_")}


def _is_module(entry: os.DirEntry[str]) -> bool:
    _, dot, suffix = entry.name.partition(".")
    if dot:
        return dot + suffix in _SUFFIXES
    return entry.is_dir() and any(name.startswith("__init__.") for name in os.listdir(entry))


_SUFFIXES = frozenset(all_suffixes())


def _rows(place: str, name: str, rows: Rows) -> Iterable[OpSupport]:
    try:
        found = tuple(rows())
        _check_ops(found, name)
    except BaseException as e:
        logger.warning("%s: %s", place, said(e))
        return ()
    return found


def _check_ops(rows: Iterable[OpSupport], name: str) -> None:
    for row in rows:
        if isinstance(row, OpSupport) and letters_of(str(row.op)) != letters_of(name):
            raise PluginError(f"it needs rows of the op that it is named for, found one of {row.op}")
