"""Support rows of a package with one module per op: a module is imported when somebody asks for its op."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from ..errors import PluginError
from ..log import logger
from .support_row import OpSupport
from .support_table import RowsByOp, letters_of

Read = Callable[[ModuleType], Iterable[OpSupport]]


def rows_of_modules(package: str, path: Iterable[str], read: Read, delegate: str) -> Iterable[OpSupport]:
    """Return the rows of a package's modules, found by looking; ``_name`` is no op's.

    A module has its op's name, in small letters and with underscores anywhere: ``conv_2d`` has the rows of
    CONV_2D, ``max_unpooling_2d`` those of MaxUnpooling2D. One that cannot be imported, or has another op's
    rows, costs its own op alone; a warning names it.

    :param package: its ``__name__``.
    :param path: its ``__path__``.
    :param read: returns the rows of a module.
    :param delegate: whose rows they are, for the warning.
    """
    names = sorted(found.name for found in iter_modules(path) if not found.name.startswith("_"))
    return RowsByOp({letters_of(name): partial(_rows, package, name, read, delegate) for name in names})


def _rows(package: str, name: str, read: Read, delegate: str) -> Iterable[OpSupport]:
    try:
        rows = tuple(read(import_module(f"{package}.{name}")))
        _check_ops(rows, name)
    except Exception as e:
        reason = f"{type(e).__name__}: {e}"
        logger.warning("%s lacks the op of %s.%s: %s", delegate, package, name, reason)
        return ()
    return rows


def _check_ops(rows: Iterable[OpSupport], module: str) -> None:
    for row in rows:
        if letters_of(row.op) != letters_of(module):
            raise PluginError(f"it needs rows of the op that it is named for, found one of {row.op}")
