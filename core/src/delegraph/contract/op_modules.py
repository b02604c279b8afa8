"""Support rows of a package with one module per op: a module is imported when somebody asks for its op."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
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

    names = [found.name for found in iter_modules(path) if not found.name.startswith("_")]
    finders: dict[str, Rows] = {name: partial(of_module, name) for name in names}
    finders |= {op.lower(): rows for op, rows in (table or {}).items()}
    place = f"{delegate} lacks the op of {package}"
    return RowsByOp({letters_of(n): partial(_rows, f"{place}.{n}", n, finders[n]) for n in sorted(finders)})


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
