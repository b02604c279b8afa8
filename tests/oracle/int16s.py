"""What the tests of int16 ops share: every value, and pairs of them."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_op import random_array
from strategies import scales

Stored = dict[str, Any]


def all_int16() -> np.ndarray:
    """Return the 65,536 values."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.int16)


def many_pairs(seed: int) -> list[np.ndarray]:
    """Return every value beside a random one, and the other way round."""
    other = random_array("int16", (1 << 16,), seed)
    return [np.concatenate([all_int16(), other]), np.concatenate([other, all_int16()])]


def stored(low: float, high: float) -> st.SearchStrategy[Stored]:
    """Quantization with a scale between these two and zero point 0."""
    return scales(low, high).map(lambda scale: {"scale": scale, "zero_point": 0})


def limited(values: np.ndarray, scale: float, out: float, low: int, high: int) -> list[int]:
    """Return what RELU and its kin make of stored values, in fractions.

    The factor to the output's scale has 31 bits; the product is rounded with halves upward, what is shifted
    right with halves away from zero.
    """
    factor = Fraction(float(np.float32(scale) / np.float32(out)))
    shift = 0
    while factor >= Fraction(2) ** shift:
        shift += 1
    while factor < Fraction(2) ** (shift - 1):
        shift -= 1
    multiplier = floor(factor / Fraction(2) ** (shift - 31) + Fraction(1, 2))
    bounds = [_away(Fraction(float(np.float32(v) / np.float32(out)))) for v in (low, high)]
    first, last = max(bounds[0], -32768), min(bounds[1], 32767)

    def one(stored: int) -> int:
        product = floor(Fraction(stored * 2 ** max(shift, 0) * multiplier, 2**31) + Fraction(1, 2))
        return min(max(_away(Fraction(product, 2 ** max(-shift, 0))), first), last)

    return [one(stored) for stored in values.tolist()]


def _away(x: Fraction) -> int:
    """Round, halves away from zero."""
    return floor(x + Fraction(1, 2)) if x >= 0 else -floor(-x + Fraction(1, 2))
