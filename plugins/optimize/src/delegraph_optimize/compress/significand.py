"""Weights rounded to fewer significant bits: the low bits, which samples never decided, compress away.

A float32 has 24 significant bits; of N that are kept, a weight is off by at most 2⁻ᴺ of itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError

from .weight_layer import WeightLayer

ALL = 24  # of a float32
OF_SAMPLES = 16  # what weights keep that samples or training gave: these know them far less well
_LEAST = 4


def check_significand(bits: int | None) -> None:
    """:raises InputError: it is no number of bits that weights may keep"""
    if bits is not None and not _LEAST <= bits <= ALL:
        raise InputError(f"significand needs a number of bits from {_LEAST} to {ALL}, found {bits}")


def rounded(weights: np.ndarray, bits: int) -> np.ndarray:
    """Return the nearest floats of so many significant bits; of two that are equally near, the even one."""
    fractions, exponents = np.frexp(weights.astype(np.float64))
    found = np.ldexp(np.rint(np.ldexp(fractions, bits)), exponents - bits)
    largest = np.ldexp(1 - 2.0**-bits, 128)
    return np.asarray(np.clip(found, -largest, largest), np.float32)


def round_layers(layers: Sequence[WeightLayer], bits: int) -> None:
    """Round the weights of layers, as far as they are not rounded yet."""
    for layer in layers if bits < ALL else ():
        layer.write(rounded(layer.matrix, bits))


def rounding_note(bits: int, is_asked: bool) -> list[str]:
    """Return the sentence that a report has of it; none where weights keep all their bits."""
    which = "" if is_asked else " that samples gave"
    told = f"weights{which} are rounded to {bits} significant bits, each by at most 2^-{bits} of itself"
    return [told] if bits < ALL else []
