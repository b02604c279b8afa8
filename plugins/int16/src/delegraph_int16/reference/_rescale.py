"""Fixed-point rescaling to int16, rounded twice: ``delegraph.rescale`` in place, part by part.

Source: tflite/kernels/internal/common.h (MultiplyByQuantizedMultiplier of int32).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_CHUNK = 16384  # elements


def to_int16(multiplier: int, shift: int, limits: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that gives values times multiplier * 2**(shift - 31) as int16, limited.

    The values are whole numbers of int32's range in any type.
    """
    left, right = max(shift, 0), max(-shift, 0)
    half = (1 << right) >> 1

    def rescale_in_place(x: np.ndarray) -> None:
        x <<= left
        x *= multiplier
        x += 1 << 30
        x >>= 31
        if right:
            x += (x >> 63) + half  # halves away from zero
            x >>= right

    def rescaled(values: np.ndarray) -> np.ndarray:
        out = np.empty(values.shape, np.int16)
        flat, result = values.reshape(-1), out.reshape(-1)
        for i in range(0, flat.size, _CHUNK):
            acc = flat[i : i + _CHUNK].astype(np.int64)
            rescale_in_place(acc)
            np.copyto(result[i : i + _CHUNK], acc.clip(*limits, out=acc), casting="unsafe")
        return out

    return rescaled
