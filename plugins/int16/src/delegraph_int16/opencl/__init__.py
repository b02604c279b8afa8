"""The int16 ops on OpenCL: one module per op, found by looking, and a table of those that need no code.

A row claims what the numpy row of the same op claims, and computes the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import ModuleType

from delegraph import OpSupport, rows_of_modules
from delegraph_opencl import Options

from . import _rows


@cache
def rows(options: Options) -> Iterable[OpSupport]:
    """Return the rows of every op, each looked for when it is asked for.

    A module has ``SUPPORT``, or ``support(options)`` where its rows depend on the options.
    """

    def support(module: ModuleType) -> Iterable[OpSupport]:
        found: Iterable[OpSupport] = (
            module.support(options) if hasattr(module, "support") else module.SUPPORT
        )
        return found

    return rows_of_modules(__name__, __path__, support, "opencl", _rows.table())
