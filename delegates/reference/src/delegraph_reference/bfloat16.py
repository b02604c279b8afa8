"""bfloat16 values, which numpy holds as uint16 bits: the upper half of a float32.

Source: Eigen/src/Core/arch/Default/BFloat16.h (float_to_bfloat16_rtne, bfloat16_to_float).
"""

from __future__ import annotations

import numpy as np

_QUIET_NAN = np.uint32(0x7FC0)


def widen(bits: np.ndarray) -> np.ndarray:
    """Return the float32 values of bfloat16 bits."""
    return np.asarray(np.left_shift(bits, 16, dtype=np.uint32)).view(np.float32)


def narrow(values: np.ndarray) -> np.ndarray:
    """Return float32 values as bfloat16 bits, rounded to nearest, ties to even; NaNs lose their payload."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    upper = bits >> 16
    # Just under half a step carries into the kept half where that rounds up; ties do if it is odd.
    rounded = (bits + np.uint32(0x7FFF) + (upper & 1)) >> 16
    quiet = upper & np.uint32(0x8000) | _QUIET_NAN
    return np.asarray(np.where(np.isnan(values), quiet, rounded)).astype(np.uint16)
