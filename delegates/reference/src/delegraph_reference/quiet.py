"""Numpy's warnings of overflow, division by zero and NaN, off for a whole run: its results show them.

Turning them off for each op takes longer than a small sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from .kernel import Kernel

is_quiet: ContextVar[bool] = ContextVar("delegraph_reference_quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Let numpy warn of nothing inside the block."""
    token = is_quiet.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        is_quiet.reset(token)


def loud(run: Kernel) -> Kernel:
    """Return a kernel as it was before ``quietly``, for who calls it inside ``quiet``."""
    unwrapped: Kernel = getattr(run, "__wrapped__", run)
    return unwrapped
