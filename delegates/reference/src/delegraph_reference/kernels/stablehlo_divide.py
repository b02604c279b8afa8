"""STABLEHLO_DIVIDE: the quotient; of integers, cut toward zero.

What the specification leaves open is as in XLA: an integer divided by 0 has all bits set, and the smallest
integer divided by -1 stays as it is.

Source: StableHLO's specification of divide; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import SIGNED, stablehlo_row


def quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "f":
        return np.asarray(x / y)
    safe = np.where(y == 0, y.dtype.type(1), y)
    down: np.ndarray = x // safe
    # Rounded down: one too low where there is a remainder and the signs differ.
    cut = down + ((x - down * safe != 0) & ((x < 0) != (safe < 0))).astype(x.dtype)
    return np.asarray(np.where(y == 0, np.array(0, x.dtype) - np.array(1, x.dtype), cut))


SUPPORT = [stablehlo_row("STABLEHLO_DIVIDE", quotient, f"{SIGNED} uint8 uint16 uint32 uint64")]
