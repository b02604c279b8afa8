"""The int16 ops in numpy, one module per op, found by looking: adding a file here adds its rows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from delegraph import OpSupport


@cache
def rows() -> tuple[OpSupport, ...]:
    """Return the rows of every kernel module, collected once in a process."""
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return tuple(row for name in names for row in _rows_of(f"{__name__}.{name}"))


def _rows_of(module: str) -> Iterable[OpSupport]:
    return import_module(module).SUPPORT  # type: ignore[no-any-return]
