"""Support rows of a package with one module per op: a module is imported when somebody asks for its op."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    known = {op.lower(): rows for op, rows in (table or {}).items()}

    def rows_of(name: str) -> Iterable[OpSupport]:
        try:
            rows = known[name]() if name in known else read(import_module(f"{package}.{name}"))
            found = tuple(rows)
            _check_ops(found, name)
        except BaseException as e:
            logger.warning("%s lacks the op of %s.%s: %s", delegate, package, name, said(e))
            return ()
        return found

    names = sorted(_modules(path) | known.keys())
    return RowsByOp(_RowsOf({letters_of(name): name for name in names}, rows_of))


class _RowsOf(Mapping[str, Rows]):
    """Functions that return the rows of ops, each made when somebody asks for it: a model has few ops."""

    def __init__(self, names: dict[str, str], rows_of: Callable[[str], Iterable[OpSupport]]) -> None:
        self._names, self._rows_of = names, rows_of

    def __getitem__(self, letters: str) -> Rows:
        return partial(self._rows_of, self._names[letters])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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


def _check_ops(rows: Iterable[OpSupport], name: str) -> None:
    for row in rows:
        if isinstance(row, OpSupport) and letters_of(str(row.op)) != letters_of(name):
            raise PluginError(f"it needs rows of the op that it is named for, found one of {row.op}")
