"""Depthwise convolution of int16 in float32, where that is exact: three quarters of float64's time.

Sums of whole numbers are exact in float32 up to 2**24, which the whole range of int16 exceeds under most
3 x 3 filters. The values of a run often have half of it: those behind a RELU are not negative. Less their
middle they fit, and the middle's share of the sums goes to the bias.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, stored_range
from delegraph.rules import operand_shape
from delegraph_reference import (
    Windows,
    convolve_depthwise,
    largest_sums,
    repeated_weights,
    sum_scales,
    windows_of,
)

from ._sums import Folded, folding

_EXACT = 1 << 24

# apply(x) -> the output, or None where the values of x are too far apart
Apply = Callable[[np.ndarray], "np.ndarray | None"]


def centered_depthwise(op: Op, stored: np.ndarray, bias: np.ndarray | None) -> Apply | None:
    """Return the convolution in float32; None if float64 does not hold what follows the sums.

    :param stored: weights (1, height, width, out)
    """
    _, height, width, channels = stored.shape
    integers, bounds = stored.reshape(-1, channels).astype(np.int64), stored_range(op)
    folded = folding(integers, bias, sum_scales(op, channels))
    windows = windows_of(op, operand_shape(op, 0), (height, width))
    if folded is None or windows.channels == 1:  # filters that all see the same are a product of matrices
        return None
    factor, offset = folded
    weights = repeated_weights(stored[0].astype(np.float32), windows.columns.output)
    largest, total = largest_sums(integers, 1).max(initial=0), integers.sum(axis=0)

    def apply(x: np.ndarray) -> np.ndarray | None:
        middle, reach = _middle(x, windows)
        if largest * reach > _EXACT or reach >= 1 << 15:  # the difference, too, is int16
            return None
        finish = Folded(offset + total * middle * factor, bounds, factor)
        out = np.empty((len(x), *windows.positions, channels), np.int16)
        return convolve_depthwise(x - np.int16(middle), windows, weights, out, finish, -middle)

    return apply


def _middle(x: np.ndarray, windows: Windows) -> tuple[int, int]:
    """Return the middle of the values, with the padding's 0, and how far they lie from it."""
    if not x.size:
        return 0, 0
    low, high = int(x.min()), int(x.max())
    if windows.is_padded:
        low, high = min(low, 0), max(high, 0)
    middle = (low + high) // 2
    return middle, max(high - middle, middle - low)
