"""STABLEHLO_REMAINDER: what division cut toward zero leaves; it has the dividend's sign.

What the specification leaves open is as in XLA: an integer divided by 0 leaves itself.

Source: StableHLO's specification of remainder; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import SIGNED, stablehlo_row


def remainder(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "f":
        return np.asarray(np.fmod(x, y))
    safe = np.where(y == 0, y.dtype.type(1), y)
    return np.where(y == 0, x, np.fmod(x, safe))


SUPPORT = [stablehlo_row("STABLEHLO_REMAINDER", remainder, f"{SIGNED} uint8 uint16 uint32 uint64")]
