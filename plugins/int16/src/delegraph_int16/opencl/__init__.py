"""The int16 ops on OpenCL, one module per op, found by looking: adding a file here adds its rows.

A row claims what the numpy row of the same op claims, and computes the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from delegraph import OpSupport
from delegraph_opencl import Options


@cache
def rows(options: Options) -> tuple[OpSupport, ...]:
    """Return the rows of every kernel module."""
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return tuple(row for name in names for row in _rows_of(f"{__name__}.{name}", options))


def _rows_of(module: str, options: Options) -> Iterable[OpSupport]:
    """Return a module's rows: ``SUPPORT``, or ``support(options)`` where they depend on the options."""
    found = import_module(module)
    return found.support(options) if hasattr(found, "support") else found.SUPPORT  # type: ignore[no-any-return]
