"""STABLEHLO_MINIMUM: the smaller of two operands, elementwise; x where they cannot be compared.

Source: tflite/kernels/stablehlo_min_max.cc (std::min).
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import NUMBERS, stablehlo_row


def smaller(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "f" and np.isnan(y).any():
        return np.where(y < x, y, x)
    return np.asarray(np.minimum(y, x))  # of two zeros numpy gives the second


SUPPORT = [stablehlo_row("STABLEHLO_MINIMUM", smaller, NUMBERS)]
