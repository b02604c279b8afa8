"""The int16 ops in numpy, one module per op, found by looking: adding a file here adds its rows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from delegraph import OpSupport, rows_of_modules


@cache
def rows() -> Iterable[OpSupport]:
    """Return the rows of every kernel module, each imported once in a process, when its op is asked for."""
    return rows_of_modules(__name__, __path__, lambda module: module.SUPPORT, "reference")
