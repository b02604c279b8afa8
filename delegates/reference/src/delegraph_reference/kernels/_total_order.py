"""Floats as integers that are in the order that IEEE 754 calls total: -NaN, -inf, …, -0, 0, …, inf, NaN.

Source: IEEE 754-2008, 5.10.
"""

from __future__ import annotations

import numpy as np


def total_order(x: np.ndarray) -> np.ndarray:
    """Return integers that compare as the floats do in total order."""
    bits = np.ascontiguousarray(x).view(f"i{x.dtype.itemsize}")
    negative = bits >> (8 * x.dtype.itemsize - 1)  # -1 or 0
    return np.asarray(bits ^ (negative & np.iinfo(bits.dtype).max))
