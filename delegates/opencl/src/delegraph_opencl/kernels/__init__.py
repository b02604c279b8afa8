"""One module per op, found by looking: adding a file here adds its rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from delegraph import OpSupport

from ..options import Options

# A module's ``support(options)`` returns its rows, which depend on the delegate's options.
Support = Callable[[Options], Iterable[OpSupport]]


@cache
def rows(options: Options) -> tuple[OpSupport, ...]:
    """Return the rows of every kernel module.

    A module that cannot be imported costs its own op alone; a warning names it.
    """
    return tuple(row for support in _modules() for row in support(options))


@cache
def _modules() -> tuple[Support, ...]:
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    found = (_support_of(f"{__name__}.{name}") for name in names)
    return tuple(support for support in found if support is not None)


def _support_of(module: str) -> Support | None:
    try:
        return getattr(import_module(module), "support", None)
    except Exception as e:
        reason = f"{type(e).__name__}: {e}"
        logging.getLogger("delegraph").warning("opencl lacks the op of %s: %s", module, reason)
        return None
