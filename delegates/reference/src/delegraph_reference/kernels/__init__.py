"""One module per op, found by looking: adding a file here adds its rows."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from delegraph import OpSupport


@cache
def rows() -> tuple[OpSupport, ...]:
    """Return the rows of every kernel module, collected once in a process.

    A module that cannot be imported costs its own op alone; a warning names it.
    """
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return tuple(row for name in names for row in _rows_of(f"{__name__}.{name}"))


def row_of(op: str, types: str) -> OpSupport:
    """Return the row of an op that takes these operand types, written as ``delegraph.typespec`` says.

    For packages that compute further types as the reference computes these. It imports that op alone.
    """
    rows: Iterable[OpSupport] = import_module(f".{op.lower()}", __name__).SUPPORT
    return next(row for row in rows if row.takes_types(types))


def _rows_of(module: str) -> Iterable[OpSupport]:
    try:
        return import_module(module).SUPPORT  # type: ignore[no-any-return]
    except Exception as e:
        reason = f"{type(e).__name__}: {e}"
        logging.getLogger("delegraph").warning("reference lacks the op of %s: %s", module, reason)
        return ()
