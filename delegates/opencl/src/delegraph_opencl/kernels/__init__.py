"""The ops: a module each, found by looking, and a table of those that are a formula."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import ModuleType

from delegraph import OpSupport, rows_of_modules

from ..options import Options
from . import _formulas


@cache
def support_rows(options: Options) -> Iterable[OpSupport]:
    """Return the support rows of every kernel module, each imported when its op is asked for.

    A module's ``support(options)`` returns its rows, which depend on the delegate's options; one without
    it holds no op.
    """

    def support(module: ModuleType) -> Iterable[OpSupport]:
        return module.support(options) if hasattr(module, "support") else ()

    return rows_of_modules(__name__, __path__, support, "opencl", _formulas.table(options))
