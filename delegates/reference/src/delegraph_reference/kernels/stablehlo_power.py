"""STABLEHLO_POWER: x to the power of y. Integers wrap; to a negative power they are cut toward zero.

What the specification leaves open is as in XLA: the integer 0 to a negative power has all bits set.

Source: StableHLO's specification of power; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np

from ._stablehlo import SIGNED, rounded_once, stablehlo_row


def power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "f":
        return rounded_once(np.power)(x, y)
    whole = np.power(x, np.maximum(y, 0))
    sign = np.where(y % 2 == 0, x.dtype.type(1), x)
    inverse = np.where((x == 1) | (x == -1), sign, np.where(x == 0, ~np.zeros_like(x), x.dtype.type(0)))
    return np.where(y < 0, inverse, whole)


SUPPORT = [stablehlo_row("STABLEHLO_POWER", power, f"{SIGNED} uint8 uint16 uint32 uint64")]
