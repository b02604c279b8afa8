"""Numpy's warnings of overflow, division by zero and NaN, off for a whole partition: its results show them.

Turning them off for each op takes longer than a small sum.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np
from delegraph import Run

is_quiet: ContextVar[bool] = ContextVar("delegraph_reference_quiet", default=False)


def quietly_together(run: Run) -> Run:
    """Return a partition's run function that warns of nothing."""

    def quiet(*arrays: Any) -> tuple[Any, ...]:
        token = is_quiet.set(True)
        try:
            with np.errstate(all="ignore"):
                return run(*arrays)
        finally:
            is_quiet.reset(token)

    return quiet
