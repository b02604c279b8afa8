"""STABLEHLO_MAXIMUM: the larger of two operands, elementwise; x where they cannot be compared.

Source: tflite/kernels/stablehlo_min_max.cc (std::max).
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import NUMBERS, stablehlo_row


def larger(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "f" and np.isnan(y).any():
        return np.where(y > x, y, x)
    return np.asarray(np.maximum(y, x))  # of two zeros numpy gives the second


SUPPORT = [stablehlo_row("STABLEHLO_MAXIMUM", larger, NUMBERS)]
