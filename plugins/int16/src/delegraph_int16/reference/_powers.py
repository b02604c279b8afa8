"""Scales that are powers of two, or that LiteRT takes for such.

Source: tflite/kernels/internal/quantization_util.cc (CheckedLog2).
"""

from __future__ import annotations

import numpy as np

_TOLERANCE = 1e-3  # of the logarithm


def power_of_two(scale: float) -> int | None:
    """Return the binary logarithm of a scale if it is nearly an integer, else None."""
    if not 0 < scale < np.inf:
        return None
    exact = np.log(np.float32(scale)) * (np.float32(1) / np.log(np.float32(2)))
    rounded = np.rint(exact)
    return int(rounded) if abs(exact - rounded) < _TOLERANCE else None
