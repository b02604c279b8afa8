"""Numpy's warnings of overflow, division by zero and NaN, off for a whole run: its results show them.

Turning them off for each op takes longer than a small sum.
"""

from __future__ import annotations

from contextvars import ContextVar

from .kernel import Kernel

# Whether who calls a kernel has turned them off.
is_quiet: ContextVar[bool] = ContextVar("delegraph_reference_quiet", default=False)


def loud(run: Kernel) -> Kernel:
    """Return a kernel as it was before ``quietly``, for who has turned warnings off."""
    unwrapped: Kernel = getattr(run, "__wrapped__", run)
    return unwrapped
