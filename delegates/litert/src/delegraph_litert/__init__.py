"""The LiteRT delegate: partitions run in LiteRT itself, on its CPU kernels or a native delegate."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from delegraph import Delegate, OpSupport, hookimpl

from .delegate import LiteRT

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = ["LiteRT"]


@hookimpl
def delegraph_delegates() -> Iterable[type[Delegate]]:
    return [LiteRT]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if not isinstance(delegate, LiteRT) or find_spec("delegraph_reference") is None:
        return []
    from .rows import rows

    return rows(delegate.options)
